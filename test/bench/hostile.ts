/** A healthy namespace next to a hostile one: how long the operator takes for the healthy one, before, during and after. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { type Api, createApi } from '../../src/controller-runtime/api.ts';
import { sharedControlPlane } from '../cluster/control-plane.ts';
import { type Ground, IMAGE, IMAGES, openGround } from '../cluster/operator-fixtures.ts';
import {
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  secret,
  sqliteMigration,
} from '../cluster/operator-resources.ts';
import { manyMigrations, wrong } from './hostile/tenants.ts';

const EDITS = Number(process.env.BENCH_EDITS ?? 60);
const WRONG = Number(process.env.BENCH_WRONG ?? 26);
const CONCURRENT = Number(process.env.BENCH_CONCURRENT ?? 6);
const MANY = Number(process.env.BENCH_MIGRATIONS ?? 900);

export async function benchHostile(): Promise<void> {
  const controlPlane = await sharedControlPlane();
  const healthy = await openGround(controlPlane, 'healthy');
  const hostile = await openGround(controlPlane, 'hostile');
  for (const ground of [healthy, hostile]) await furnish(ground);
  // The pods share the processors of this machine; on a cluster they run on other nodes than the operator.
  const image = IMAGES[IMAGE];
  healthy.agent.setImage(IMAGE, {
    ...image,
    command: ['/opt/nice', '-n', '19', ...(image.command ?? [])],
    files: { ...image.files, '/opt/nice': '/usr/bin/nice' },
  });
  const config = new KubeConfig();
  config.loadFromFile(controlPlane.kubeconfig);
  const api = createApi(config);
  const operator = await healthy.startOperator({
    namespaces: [healthy.namespace, hostile.namespace],
    kubeconfig: controlPlane.kubeconfig,
    maxConcurrentRuns: CONCURRENT,
  });
  console.log(`\nhostile namespace: ${WRONG} resources that go wrong, ${MANY} migrations in one run`);
  await healthy.apply(configMap('edited', LEDGER), sqliteMigration('edited', { suspend: true }));
  await measure(api, healthy, 5);
  const before = await measure(api, healthy, EDITS);

  // The same number of resources that behave well, so that what the pods cost is not counted as hostile.
  for (let number = 0; number < WRONG; number += 1)
    await hostile.apply(configMap(`well-${number}`, LEDGER), sqliteMigration(`well-${number}`));
  const ordinary = await measure(api, healthy, EDITS);
  for (let number = 0; number < WRONG; number += 1) await hostile.waitFor(`well-${number}`, 'Ready', 900);

  const { spec } = await postgresDatabase('hostile');
  const { host, port, database } = spec.database.postgres;
  const many = await postgresDatabase('many');
  await hostile.apply(secret('wrong', { password: 'wrong' }));
  // Not by `kubectl apply`, whose annotation would be too long.
  const path = `/api/v1/namespaces/${hostile.namespace}/configmaps`;
  await api.request({ verb: 'create', path, body: manyMigrations('many', MANY) });
  const began = performance.now();
  await hostile.apply(migration('many', { ...many.spec, runner: { ttlAfterFinished: '1h' } }));
  for (let number = 0; number < WRONG; number += 1) await hostile.apply(...wrong(number, { host, port, database }));
  const during = await measure(api, healthy, EDITS);
  await healthy.apply(configMap('whole', LEDGER), sqliteMigration('whole'));
  const run = performance.now();
  await healthy.waitFor('whole', 'Ready', 600);
  say('a whole run of the healthy namespace, during', `${((performance.now() - run) / 1000).toFixed(1)} s`);
  const ended = await hostile.resourceWhen(
    'many',
    'finished',
    ({ status }) => status?.run?.finishedAt !== undefined,
    1_800,
  );
  const { run: last, report, rehearsal, pending } = ended.status ?? {};
  say(`${MANY} migrations from apply to the end`, `${((performance.now() - began) / 1000).toFixed(1)} s`);
  const seconds = (Date.parse(last?.finishedAt ?? '') - Date.parse(last?.startedAt ?? '')) / 1000;
  say('  of that, the run', `${seconds} s, ${last?.result}, ${pending} pending, rehearsal ${rehearsal?.seconds} s`);
  say('  the status in bytes', `${JSON.stringify(ended.status).length}; the whole report: ${report}`);
  await sleep(5_000);
  const after = await measure(api, healthy, EDITS);
  for (const [what, times] of Object.entries({ before, 'with ordinary runs': ordinary, during, after }))
    say(`from an edit to its status, ${what}`, text(times));
  const quiet = Math.min(median(before), median(after));
  say('ratio of the medians, hostile to quiet', (median(during) / quiet).toFixed(2));
  say('ratio of the medians, hostile to ordinary runs (goal < 1.5)', (median(during) / median(ordinary)).toFixed(2));
  const log = await operator.log();
  say(
    'the operator',
    `${operator.isRunning() ? 'runs' : 'ENDED'}; ${log.split('"reconcile failed').length - 1} failed reconciles`,
  );
  await operator.stop();
}

/** From an edit of the spec to the status that speaks of it: no pod takes part. Milliseconds. */
async function measure(api: Api, { namespace }: Ground, edits: number): Promise<number[]> {
  const path = `/apis/db-manager.dev/v1alpha1/namespaces/${namespace}/databasemigrations/edited`;
  const times: number[] = [];
  for (let edit = 0; edit < edits; edit += 1) {
    const began = performance.now();
    const body = { spec: { retry: { limit: 1 + (edit % 2) } } };
    const { metadata } = await api.request<{ metadata: { generation: number } }>({
      verb: 'patch',
      path,
      contentType: 'application/merge-patch+json',
      body,
    });
    for (;;) {
      const { status } = await api.request<{ status?: { observedGeneration?: number } }>({ verb: 'get', path });
      if (status?.observedGeneration === metadata.generation) break;
      await sleep(3);
    }
    times.push(performance.now() - began);
    await sleep(100);
  }
  return times;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

function text(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(0);
  return `${at(0.5)} ms median, ${at(0.95)} ms at 95 %, ${at(1)} ms at most`;
}

function say(what: string, value: string): void {
  console.log(`  ${what.padEnd(52)} ${value}`);
}
