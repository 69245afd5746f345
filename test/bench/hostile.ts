/** A healthy namespace next to a hostile one: how long the operator takes for the healthy one, before, during and after. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { type Api, createApi } from '../../src/controller-runtime/api.ts';
import { sharedControlPlane } from '../cluster/control-plane.ts';
import { type Ground, IMAGE, IMAGES, type Operator, openGround } from '../cluster/operator-fixtures.ts';
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
import { Scrape } from './operator/scrape.ts';

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
  await measure(api, healthy, operator, 5);
  const phases: Record<string, Phase> = {};
  phases.before = await measure(api, healthy, operator, EDITS);

  // The same number of resources that behave well, so that what the pods cost is not counted as hostile.
  for (let number = 0; number < WRONG; number += 1)
    await hostile.apply(configMap(`well-${number}`, LEDGER), sqliteMigration(`well-${number}`));
  phases['with ordinary runs'] = await measure(api, healthy, operator, EDITS);
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
  phases.during = await measure(api, healthy, operator, EDITS);
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
  phases.after = await measure(api, healthy, operator, EDITS);
  for (const [what, { edits, control, lag, cpu, seconds }] of Object.entries(phases)) {
    say(`from an edit to its status, ${what}`, text(edits));
    say('  the same requests without the operator', text(control));
    say(
      '  event loop of the operator',
      `${lag.toFixed(0)} ms late at 99 %, ${((100 * cpu) / seconds).toFixed(0)} % of a CPU`,
    );
  }
  const ratio = (of: (phase: Phase) => number) =>
    (['before', 'with ordinary runs'] as const)
      .map((what) => `${(of(phases.during as Phase) / of(phases[what] as Phase)).toFixed(2)} to ${what}`)
      .join(', ');
  say(
    'ratio of the medians, during (goal < 1.5)',
    ratio(({ edits }) => median(edits)),
  );
  say(
    '  of that, the machine and the API server',
    ratio(({ control }) => median(control)),
  );
  say(
    '  of that, the operator',
    ratio(({ edits, control }) => median(edits) / median(control)),
  );
  const log = await operator.log();
  say(
    'the operator',
    `${operator.isRunning() ? 'runs' : 'ENDED'}; ${log.split('"reconcile failed').length - 1} failed reconciles`,
  );
  await operator.stop();
}

interface Phase {
  /** From an edit of the spec to its status, without a pod. Milliseconds. */
  edits: number[];
  /** Two writes and a read of an object that no controller watches: the time of the machine and the API server. Milliseconds. */
  control: number[];
  /** Delay of the operator's event loop, in milliseconds, its CPU time and the length of the phase, in seconds. */
  lag: number;
  cpu: number;
  seconds: number;
}

async function measure(api: Api, { namespace }: Ground, operator: Operator, edits: number): Promise<Phase> {
  const scrape = async () => new Scrape(await (await fetch(`${operator.probes}/metrics`)).text());
  const path = `/apis/db-manager.dev/v1alpha1/namespaces/${namespace}/databasemigrations/edited`;
  const control = `/api/v1/namespaces/${namespace}/secrets/postgres`;
  const phase: Phase = { edits: [], control: [], lag: 0, cpu: 0, seconds: 0 };
  const start = performance.now();
  const earlier = (await scrape()).sum('process_cpu_seconds_total');
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
    phase.edits.push(performance.now() - began);
    await sleep(50);
    const since = performance.now();
    for (const value of ['a', 'b']) {
      const annotated = { metadata: { annotations: { value } } };
      await api.request({
        verb: 'patch',
        path: control,
        contentType: 'application/merge-patch+json',
        body: annotated,
      });
    }
    await api.request({ verb: 'get', path: control });
    phase.control.push(performance.now() - since);
    await sleep(50);
  }
  const later = await scrape();
  return {
    ...phase,
    lag: 1000 * later.sum('nodejs_eventloop_lag_p99_seconds'),
    cpu: later.sum('process_cpu_seconds_total') - earlier,
    seconds: (performance.now() - start) / 1000,
  };
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
