/**
 * `node scripts/run.cjs soak-cluster [--minutes=60] [--resources=50] [--edit-every=8000]` (milliseconds), with the
 * environment of test/e2e: an operator on a real cluster, whose kubelet runs every pod. Half of the resources are wrong in
 * every way of `test/bench/hostile/tenants.ts`, in a namespace of their own. Prints the operator's memory, its restarts and
 * the runs of the healthy namespace.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DatabaseMigration } from '../src/core/model/resource.ts';
import { wrong } from '../test/bench/hostile/tenants.ts';
import { Scrape } from '../test/bench/operator/scrape.ts';
import { openPostgres, openRoom, type Room, whyNot } from '../test/e2e/fixtures.ts';
import { ORDERS, operatorValues, resource } from '../test/e2e/objects.ts';
import { closeAll } from '../test/support/lifetime.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    resources: { type: 'string', default: '50' },
    'edit-every': { type: 'string', default: '8000' },
  },
});
const MINUTES = Number(values.minutes);
const HALF = Math.floor(Number(values.resources) / 2);
const EDIT_MS = Number(values['edit-every']);
const SAMPLE_MS = 60_000;
const OPERATOR = 'app.kubernetes.io/name=db-manager,app.kubernetes.io/component=operator';

try {
  const why = whyNot();
  if (why !== undefined) throw new Error(`The soak needs a cluster: ${why}.`);
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  await closeAll();
}

async function soak(): Promise<boolean> {
  const postgres = await openPostgres();
  const good = await openRoom('soak-good');
  const bad = await openRoom('soak-bad');
  try {
    for (const room of [good, bad]) for (const claim of ['bot', 'backups']) await room.claim(claim);
    const watched = operatorValues(`${good.namespace},${bad.namespace}`);
    const limits = ['--set=maxConcurrentRuns=2', '--take-ownership', '--wait', '--timeout=4m'];
    await good.mustHelm('install', 'db-manager', resolve('charts/db-manager'), ...watched, ...limits);
    const { url } = await postgres.createDatabase();
    const { hostname: host, port, pathname } = new URL(url);
    const place = { host, port: Number(port), database: pathname.slice(1) };
    await bad.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'wrong' },
      stringData: { password: 'wrong' },
    });
    const names = { good: [] as string[], bad: [] as string[] };
    for (let number = 0; number < HALF; number += 1) {
      const name = `good-${number}`;
      const database = { sqlite: { volume: { claimName: 'bot' }, path: `${name}.db` } };
      await good.apply(...resource(name, { '1_orders.sql': ORDERS }, database));
      names.good.push(name);
      const objects = wrong(number, place);
      await bad.apply(...objects);
      names.bad.push((objects.at(-1) as { metadata: { name: string } }).metadata.name);
    }
    return await watch(good, bad, names);
  } finally {
    for (const room of [good, bad]) await room.kubectl('delete', 'dbm', '--all', '--timeout=3m');
    await good.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    for (const room of [good, bad]) await room.remove();
    await postgres.stop();
  }
}

async function watch(good: Room, bad: Room, names: { good: string[]; bad: string[] }): Promise<boolean> {
  console.log(`soak: ${2 * HALF} resources on a real cluster, ${MINUTES} minutes`);
  console.log('minute  RSS MiB  heap MiB  restarts  queue  runs  good runs  not successful');
  const ended = new Map<string, boolean>();
  const began = performance.now();
  let [sampled, edits, restarts] = [0, 0, 0];
  while ((performance.now() - began) / 60_000 < MINUTES) {
    edits += 1;
    const [room, list] = edits % 2 === 0 ? [good, names.good] : [bad, names.bad];
    const name = list[Math.floor(edits / 2) % list.length] ?? '';
    if (room === good) await collect(good, name, ended);
    await room.run('annotate', 'dbm', name, `db-manager.dev/retry=${edits}`, '--overwrite');
    if (performance.now() - sampled > SAMPLE_MS) {
      sampled = performance.now();
      const sample = await sampleOf(good);
      restarts = sample.restarts;
      const bads = [...ended.values()].filter((succeeded) => !succeeded).length;
      const cells = [sample.rss, sample.heap, restarts, sample.queue, sample.runs, ended.size, bads];
      const minute = (performance.now() - began) / 60_000;
      console.log([minute.toFixed(1), ...cells].map((cell) => String(cell).padStart(8)).join(' '));
    }
    await sleep(EDIT_MS);
  }
  for (const name of names.good) await collect(good, name, ended);
  const failed = [...ended].filter(([, succeeded]) => !succeeded).map(([run]) => run);
  console.log(`edits: ${edits}; runs of the healthy namespace: ${ended.size}, not successful: ${failed.length}`);
  for (const run of failed) console.log(`  ${run}`);
  console.log(`restarts of the operator: ${restarts}`);
  return ended.size > 0 && failed.length === 0 && restarts === 0;
}

/** The status keeps only the last runs, so each resource is asked before it is edited. */
async function collect(room: Room, name: string, ended: Map<string, boolean>): Promise<void> {
  const { status } = JSON.parse(await room.run('get', 'dbm', name, '--output=json')) as DatabaseMigration;
  for (const { run, result } of status?.history ?? []) ended.set(run, result === 'succeeded');
}

async function sampleOf(room: Room) {
  const { items } = JSON.parse(await room.run('get', 'pods', `--selector=${OPERATOR}`, '--output=json')) as {
    items: { metadata: { name: string }; status: { containerStatuses?: { restartCount: number }[] } }[];
  };
  const [pod] = items;
  const path = `/api/v1/namespaces/${room.namespace}/pods/${pod?.metadata.name}:8080/proxy/metrics`;
  const scrape = new Scrape(await room.run('get', '--raw', path));
  const mebibytes = (name: string) => Math.round(scrape.sum(name) / 2 ** 20);
  return {
    rss: mebibytes('process_resident_memory_bytes'),
    heap: mebibytes('nodejs_heap_size_used_bytes'),
    restarts: pod?.status.containerStatuses?.[0]?.restartCount ?? 0,
    queue: scrape.sum('db_manager_queue_depth'),
    runs: scrape.sum('db_manager_runs_total'),
  };
}
