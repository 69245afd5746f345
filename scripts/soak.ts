/**
 * `node scripts/run.cjs soak [--minutes=120] [--resources=500] [--concurrent=4] [--edit-every=1500]` (milliseconds): an operator on a real API server with
 * many resources, half of them wrong in every way of `test/bench/hostile/tenants.ts`, which are edited and retried all the
 * time. Samples memory, open connections and the queue, and prints whether they grow.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DatabaseMigration } from '../src/core/model/resource.ts';
import { manyMigrations, wrong } from '../test/bench/hostile/tenants.ts';
import { Scrape } from '../test/bench/operator/scrape.ts';
import { sharedControlPlane } from '../test/cluster/control-plane.ts';
import { type Operator, openGround } from '../test/cluster/operator-fixtures.ts';
import {
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  secret,
  sqliteMigration,
} from '../test/cluster/operator-resources.ts';
import { closeAll } from '../test/support/lifetime.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    resources: { type: 'string', default: '500' },
    concurrent: { type: 'string', default: '4' },
    'edit-every': { type: 'string', default: '1500' },
  },
});
const MINUTES = Number(values.minutes);
const RESOURCES = Number(values.resources);
/** Between two samples, and between two edits. Milliseconds. */
const SAMPLE_MS = 15_000;
const EDIT_MS = Number(values['edit-every']);

interface Sample {
  minute: number;
  rss: number;
  heap: number;
  connections: number;
  queue: number;
  runs: number;
  failures: number;
}

try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  await closeAll();
}

async function soak(): Promise<boolean> {
  const controlPlane = await sharedControlPlane();
  const good = await openGround(controlPlane, 'soak-good');
  const bad = await openGround(controlPlane, 'soak-bad');
  for (const ground of [good, bad]) await furnish(ground);
  const operator = await good.startOperator({
    namespaces: [good.namespace, bad.namespace],
    kubeconfig: controlPlane.kubeconfig,
    maxConcurrentRuns: Number(values.concurrent),
  });
  const { spec } = await postgresDatabase('soak');
  const { host, port, database } = spec.database.postgres;
  await bad.apply(secret('wrong', { password: 'wrong' }));
  const half = Math.floor(RESOURCES / 2);
  const names = { good: [] as string[], bad: [] as string[] };
  for (let number = 0; number < half; number += 1) {
    await good.apply(configMap(`good-${number}`, LEDGER), sqliteMigration(`good-${number}`));
    names.good.push(`good-${number}`);
    const objects = wrong(number, { host, port, database }).map(briefly);
    await bad.apply(...objects);
    names.bad.push((objects.at(-1) as { metadata: { name: string } }).metadata.name);
  }
  const many = await postgresDatabase('soak-many');
  await bad.create(manyMigrations('many', 300), migration('many', many.spec));
  console.log(`soak: ${2 * half + 1} resources, ${MINUTES} minutes, ${values.concurrent} runs at once`);
  console.log('minute  RSS MiB  heap MiB  connections  queue  runs  failed reconciles');
  const began = performance.now();
  const samples: Sample[] = [];
  let [sampled, edited, edits] = [0, 0, 0];
  const ended = new Set<string>();
  const failed: string[] = [];
  const collect = async ({ metadata, status }: DatabaseMigration) => {
    for (const run of status?.history ?? []) {
      if (ended.has(run.run)) continue;
      ended.add(run.run);
      if (run.result === 'succeeded') continue;
      const events = await good.run('events', '--for', `dbm/${metadata.name}`, '--output=jsonpath={.items[*].message}');
      failed.push(`${metadata.name}: ${JSON.stringify(run)} ${events}`);
    }
  };
  while ((performance.now() - began) / 60_000 < MINUTES) {
    const now = performance.now();
    if (now - sampled > SAMPLE_MS) {
      sampled = now;
      const sample = await sampleOf(operator, (now - began) / 60_000);
      samples.push(sample);
      const { minute, rss, heap, connections, queue, runs, failures } = sample;
      const cells = [minute.toFixed(1), rss, heap, connections, queue, runs, failures];
      console.log(cells.map((cell, index) => String(cell).padStart([6, 8, 9, 12, 6, 5, 18][index] ?? 6)).join(' '));
    }
    if (now - edited > EDIT_MS) {
      edited = now;
      edits += 1;
      // In turn, so that every resource is edited as often.
      const [ground, list] = edits % 2 === 0 ? ([good, names.good] as const) : ([bad, names.bad] as const);
      const name = list[Math.floor(edits / 2) % list.length] ?? '';
      // The status keeps only the last runs.
      if (ground === good) await collect(await good.resource(name));
      await ground.run('annotate', 'dbm', name, `db-manager.dev/retry=${edits}`, '--overwrite');
    }
    await sleep(200);
  }
  for (const name of names.good) await collect(await good.resource(name));
  console.log(`edits: ${edits}; runs of the healthy namespace: ${ended.size}, not successful: ${failed.length}`);
  for (const line of failed) console.log(`  ${line}`);
  // The first third warms up.
  const settled = samples.slice(Math.floor(samples.length / 3));
  for (const what of ['rss', 'heap', 'connections'] as const) {
    const perHour = slope(settled.map((sample) => [sample.minute, sample[what]])) * 60;
    const all = settled.map((sample) => sample[what]);
    console.log(
      `${what.padEnd(12)} ${Math.min(...all)} to ${Math.max(...all)}, ${perHour.toFixed(1)} an hour after the first third`,
    );
  }
  const alive = operator.isRunning();
  console.log(alive ? 'the operator runs' : 'THE OPERATOR ENDED');
  await operator.stop();
  return alive && ended.size > 0 && failed.length === 0;
}

async function sampleOf(operator: Operator, minute: number): Promise<Sample> {
  const scrape = new Scrape(await (await fetch(`${operator.probes}/metrics`)).text());
  const status = await readFile(`/proc/${operator.pid}/status`, 'utf8');
  const open = await readdir(`/proc/${operator.pid}/fd`);
  const targets = await Promise.all(open.map((fd) => readlink(`/proc/${operator.pid}/fd/${fd}`).catch(() => '')));
  return {
    minute,
    rss: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
    heap: Math.round(scrape.sum('nodejs_heap_size_used_bytes') / 2 ** 20),
    connections: targets.filter((target) => target.startsWith('socket:')).length,
    queue: scrape.sum('db_manager_queue_depth'),
    runs: scrape.sum('db_manager_runs_total'),
    failures: scrape.sum('db_manager_reconcile_errors_total'),
  };
}

/** The same with Jobs that are deleted soon: their pods keep logs of 60 MB on this machine. */
function briefly(object: object): object {
  const { kind, spec } = object as { kind: string; spec?: { runner?: object } };
  if (kind !== 'DatabaseMigration') return object;
  return { ...object, spec: { ...spec, runner: { ...spec?.runner, ttlAfterFinished: '1m' } } };
}

/** Of the least squares line through the points. */
function slope(points: [x: number, y: number][]): number {
  const mean = (index: 0 | 1) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const up = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return up / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
