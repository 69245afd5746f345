/** The controller with 5,000 resources: how long until all are Ready, what it writes, what it holds, what it asks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { createApi } from '../../src/controller-runtime/api.ts';
import { isStatus } from '../../src/controller-runtime/api-error.ts';
import { type RunReport, runReportSchema } from '../../src/core/model/report.ts';
import { sharedControlPlane } from '../cluster/control-plane.ts';
import { openGround } from '../cluster/operator-fixtures.ts';
import { configMap, furnish, LEDGER, migration, sqliteMigration } from '../cluster/operator-resources.ts';
import { eventually } from '../support/processes.ts';
import { build, type MeasuredOperator, startBuilt } from './operator/built.ts';
import { startHollowNode } from './operator/hollow-node.ts';
import type { Scrape } from './operator/scrape.ts';

const RESOURCES = Number(process.env.BENCH_RESOURCES ?? 5_000);
const IDLE_SECONDS = Number(process.env.BENCH_IDLE_SECONDS ?? 120);
const BUDGET_MIB = 256;
/** All resources are Ready before the operator starts: its memory without the time of as many runs. */
const READY = process.env.BENCH_READY === '1';

export async function benchOperator(): Promise<void> {
  const main = await build();
  const controlPlane = await sharedControlPlane();
  const ground = await openGround(controlPlane, 'bench');
  await furnish(ground);
  const { namespace } = ground;
  const account = { serviceAccount: 'db-manager-operator', namespace, expires: 14_400 };
  const kubeconfig = await controlPlane.kubeconfigFor(account);
  const report = await realReport();
  ground.agent.pause();
  const hollow = await startHollowNode(controlPlane, namespace, report);
  const config = new KubeConfig();
  config.loadFromFile(controlPlane.kubeconfig);
  const admin = createApi(config);
  await ground.apply(configMap('shared', LEDGER));
  if (READY) await createReady();
  else await createAll();

  console.log(`\noperator, ${RESOURCES} resources, real API server, built dist`);
  const began = performance.now();
  let operator = await startBuilt(main, kubeconfig, namespace);
  const settled = await settles(operator, RESOURCES);
  const seconds = (performance.now() - began) / 1000;
  say('all Ready after', `${seconds.toFixed(0)} s, ${(RESOURCES / seconds).toFixed(0)} runs a second`);
  const writes = [...settled.requestsSince(undefined)].filter(([what]) => /^(create|patch|delete|update) /.test(what));
  for (const [what, count] of writes) say(`  ${what}, a resource`, (count / RESOURCES).toFixed(2));
  say('reconcile, median / 95 % / 99 %', quantiles(settled, 'db_manager_reconcile_duration_seconds'));
  say('wait for a worker', quantiles(settled, 'db_manager_queue_wait_seconds'));
  say('restarts, each after a lost lease', String(operator.restarts));
  say('RSS while it settles, at most', memory((await operator.rss()).most));

  await idle(operator);
  await operator.stop();

  const restarted = performance.now();
  operator = await startBuilt(main, kubeconfig, namespace);
  await eventually('the next operator to lead', operator.leads, { timeoutMs: 120_000 });
  say('a new operator has read all and leads after', `${((performance.now() - restarted) / 1000).toFixed(1)} s`);
  await sleep(20_000);
  const fresh = await operator.scrape();
  const needless = [...fresh.requestsSince(undefined)].filter(([what]) => /^(create|patch|delete) /.test(what));
  say('needless writes after the restart', needless.length === 0 ? 'none' : JSON.stringify(needless));
  await idle(operator);
  await edit();
  await operator.stop();
  await hollow.stop();

  /** One run by the agent, with all its steps: what the hollow node reports is a copy of its report. */
  async function realReport(): Promise<RunReport> {
    const first = await ground.startOperator();
    await ground.apply(configMap('real', LEDGER), sqliteMigration('real'));
    await ground.waitFor('real', 'Ready', 120);
    const { status } = await ground.resource('real');
    // The report in the log is recorded before the kubelet reports the end of the container.
    const message = await eventually('the termination message', async () => {
      const pod = await ground.podOf(status?.run?.job ?? '');
      return pod.status?.containerStatuses?.[0]?.state?.terminated?.message;
    });
    await ground.run('delete', 'dbm', 'real');
    await first.stop();
    return runReportSchema.parse(JSON.parse(message));
  }

  /** One real run, whose status all others get: they have the same inputs. */
  async function createReady(): Promise<void> {
    await create(COLLECTION(namespace), bodyOf(0));
    const first = await startBuilt(main, kubeconfig, namespace);
    await settles(first, 1);
    await first.stop();
    const { status } = await ground.resource('r0');
    await createAll(1, status);
  }

  async function createAll(from = 0, status?: object): Promise<void> {
    let index = from;
    const one = async (): Promise<void> => {
      while (index < RESOURCES) {
        const number = index++;
        await create(COLLECTION(namespace), bodyOf(number));
        if (status === undefined) continue;
        const path = `${COLLECTION(namespace)}/r${number}`;
        const contentType = 'application/merge-patch+json';
        const metadata = { finalizers: ['db-manager.dev/run'] };
        await admin.request({ verb: 'patch', path, contentType, body: { metadata } });
        await admin.request({ verb: 'patch', path: `${path}/status`, contentType, body: { status } });
      }
    };
    await Promise.all(Array.from({ length: 16 }, one));
  }

  function bodyOf(number: number): object {
    const postgres = { host: `db-${READY ? 0 : number}.example`, database: 'shop', user: 'shop' };
    const database = {
      postgres: { ...postgres, passwordFrom: { secretKeyRef: { name: 'postgres', key: 'password' } } },
    };
    return migration(`r${number}`, { database, migrations: { configMaps: [{ name: 'shared' }] } });
  }

  /** A busy API server answers late or with an error, and may have created the object. */
  async function create(path: string, body: unknown): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await admin.request({ verb: 'create', path, body });
        return;
      } catch (error) {
        if (attempt > 1 && isStatus(error, 409)) return;
        if (attempt > 10) throw error;
        await sleep(attempt * 500);
      }
    }
  }

  /** From an edit, which starts a run among all the others, until the status has its generation. */
  async function edit(): Promise<void> {
    const path = `/apis/db-manager.dev/v1alpha1/namespaces/${namespace}/databasemigrations/r7`;
    const contentType = 'application/merge-patch+json';
    const asked = performance.now();
    const body = { spec: { target: '2_orders' } };
    const { metadata } = await admin.request<{ metadata: { generation: number } }>({
      verb: 'patch',
      path,
      contentType,
      body,
    });
    await eventually(
      'the edit to be taken up',
      async () => {
        const { status } = await admin.request<{ status?: { observedGeneration?: number } }>({ verb: 'get', path });
        return status?.observedGeneration === metadata.generation;
      },
      { everyMs: 5 },
    );
    say('from an edit to the status that speaks of it', `${(performance.now() - asked).toFixed(0)} ms`);
  }
}

const COLLECTION = (namespace: string) => `/apis/db-manager.dev/v1alpha1/namespaces/${namespace}/databasemigrations`;

async function settles(operator: MeasuredOperator, count: number): Promise<Scrape> {
  return eventually(
    'all resources to be Ready',
    async () => {
      const scrape = await operator.scrape();
      await operator.rss();
      const ready = scrape.sum('db_manager_ready');
      return ready >= count && scrape.sum('db_manager_queue_depth') === 0 && scrape;
    },
    { timeoutMs: 3_600_000, everyMs: 5_000, explain: () => operator.logTail() },
  );
}

/** Twice a Prometheus' usual interval, with its scrapes. */
async function idle(operator: MeasuredOperator): Promise<void> {
  await sleep(10_000);
  const before = await operator.scrape();
  await sleep(IDLE_SECONDS * 1000);
  const after = await operator.scrape();
  const requests = [...after.requestsSince(before)].map(
    ([what, count]) => `${what} ${((count * 60) / IDLE_SECONDS).toFixed(1)}`,
  );
  say('requests a minute when idle', requests.join(', ') || 'none');
  const { now, most } = await operator.rss();
  say('RSS when idle / at most', `${memory(now)} / ${memory(most)} (budget ${BUDGET_MIB} MiB)`);
  say('  heap used', memory(Math.round(after.sum('nodejs_heap_size_used_bytes') / 2 ** 20)));
}

function quantiles(scrape: Scrape, name: string): string {
  return [0.5, 0.95, 0.99].map((share) => `${(scrape.quantile(name, share) * 1000).toFixed(1)} ms`).join(' / ');
}

const memory = (mebibytes: number) => `${mebibytes} MiB`;

function say(what: string, value: string): void {
  console.log(`  ${what.padEnd(46)} ${value}`);
}
