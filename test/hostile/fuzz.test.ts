import assert from 'node:assert/strict';
import { linesOf } from '../../src/controller-runtime/lines.ts';
import type { KubernetesObject } from '../../src/controller-runtime/store.ts';
import { runReportSchema } from '../../src/core/model/report.ts';
import { databaseMigrationSchema } from '../../src/core/model/resource.ts';
import { statusSchema } from '../../src/core/model/resource-status.ts';
import { assess } from '../../src/core/reconcile/assess.ts';
import { decide, statusIn } from '../../src/core/reconcile/decide.ts';
import { databaseKey, inputsDigest } from '../../src/core/reconcile/inputs.ts';
import { EMPTY_LOG, type ObservedRun } from '../../src/core/reconcile/observed.ts';
import { createCaches } from '../../src/operator/caches.ts';
import { longestLine, RunLogReader, reportOf } from '../../src/operator/run-log.ts';
import { newestRun, terminationReport } from '../../src/operator/run-records.ts';
import { Slots } from '../../src/operator/slots.ts';
import { report, resource, START, stepDone } from '../core/reconcile/reconcile-harness.ts';

/** The same numbers from the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Fuzz {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  of<T>(...items: T[]): T {
    return items[this.below(items.length)] as T;
  }

  text(): string {
    return this.of(
      '',
      '\u0000',
      '\ud800',
      '-1',
      'NaN',
      '9'.repeat(400),
      '2024-13-45T99:99:99Z',
      '+275760-09-13T00:00:00.001Z',
      '1970-01-01T00:00:00Z',
      'a-'.repeat(this.below(2_000)),
      '://:@'.repeat(this.below(2_000)),
      '[{"'.repeat(this.below(2_000)),
      'postgres://u:hunter2@h/d',
      'Key (email)=(a@b.org) already exists.',
      '__proto__',
      'constructor',
      '\u202e../../etc/passwd',
      '$(date)',
      'x'.repeat(this.below(20_000)),
    );
  }

  value(depth = 0): unknown {
    const kinds = depth > 3 ? 5 : 8;
    switch (this.below(kinds)) {
      case 0:
        return this.text();
      case 1:
        return this.of(0, -1, 1e308, 2 ** 53, 0.1, -0, 1e-320);
      case 2:
        return null;
      case 3:
        return this.of(true, false);
      case 4:
        return this.of('True', 'done', 'apply', 'Running', 'r', '1');
      case 5:
        return Array.from({ length: this.below(6) }, () => this.value(depth + 1));
      default:
        return Object.fromEntries(
          Array.from({ length: this.below(6) }, () => [
            this.of('a', '__proto__', 'constructor', 'message', 'runId', '\u0000'),
            this.value(depth + 1),
          ]),
        );
    }
  }

  /** The same with some of it replaced, taken out or added. */
  changed<T>(value: T, rate = 0.15): T {
    return this.#change(value, rate) as T;
  }

  /** The same with other texts and numbers, and with less: the API server keeps the types of the objects that it returns. */
  retold<T>(value: T): T {
    return this.#retell(value) as T;
  }

  #retell(value: unknown): unknown {
    if (typeof value === 'string') return this.#next() < 0.2 ? this.text() : value;
    if (typeof value === 'number') return this.#next() < 0.2 ? this.of(0, -1, 137, 2 ** 31 - 1) : value;
    if (Array.isArray(value)) return value.slice(this.#next() < 0.1 ? 1 : 0).map((item) => this.#retell(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (this.#next() < 0.05 ? [] : [[key, this.#retell(item)]])),
    );
  }

  #change(value: unknown, rate: number): unknown {
    if (this.#next() < rate / 4) return this.value();
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#change(item, rate));
      return this.#next() < rate ? [...items, ...items, this.value()] : items;
    }
    if (typeof value !== 'object' || value === null) return this.#next() < rate ? this.value() : value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => {
        if (this.#next() < rate / 3) return [];
        return [[key, this.#change(item, rate)]];
      }),
    );
  }
}

const RUN = { id: 'r', job: 'r', attempt: 1, inputs: 'x', generation: 1 };

function whole() {
  return {
    ...report(RUN, START),
    backup: { name: 'b', path: '/b', sizeBytes: 1, sha256: 'x', takenAt: START.toISOString(), verifiedBy: 'Checksum' },
    plan: { digest: 'd', direction: 'up', migrations: ['1_a'] },
    failure: {
      reason: 'MigrationFailed',
      message: 'm',
      migration: '1_a',
      statement: 's',
      position: { file: 'f', line: 1, column: 1 },
    },
    safety: { result: 'Warned', checks: [], findings: [{ rule: 'r', severity: 'error', message: 'm', advice: 'a' }] },
    rehearsal: { result: 'Full', message: 'm', seconds: 1, roundTrip: 'passed', migrations: [] },
    schema: { before: ['a'], after: [] },
  };
}

const POD = {
  metadata: {
    name: 'p',
    namespace: 'trading',
    uid: 'p',
    resourceVersion: '1',
    creationTimestamp: START.toISOString(),
    labels: { 'app.kubernetes.io/managed-by': 'db-manager', 'db-manager.dev/uid': 'u-1' },
    annotations: {
      'db-manager.dev/resource': 'trading/bot',
      'db-manager.dev/run': 'r',
      'db-manager.dev/attempt': '1',
      'db-manager.dev/generation': '1',
      'db-manager.dev/inputs': 'x',
    },
  },
  status: {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'm',
    conditions: [{ type: 'PodScheduled', status: 'False', message: 'm' }],
    containerStatuses: [
      {
        name: 'runner',
        state: { terminated: { exitCode: 1, message: '{"', finishedAt: START.toISOString(), reason: 'Error' } },
      },
    ],
  },
};

/** What the API server can hand out: its names, labels, annotations and versions are texts, and lists are lists. */
function asServed(object: unknown): KubernetesObject {
  const { metadata, ...rest } = object as KubernetesObject;
  const texts = (map: unknown) =>
    typeof map === 'object' && map !== null
      ? Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]))
      : {};
  const { labels, annotations, creationTimestamp } = (metadata ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    metadata: {
      name: 'p',
      namespace: 'trading',
      uid: 'p',
      resourceVersion: '1',
      creationTimestamp: String(creationTimestamp),
      labels: texts(labels),
      annotations: texts(annotations),
    },
  } as KubernetesObject;
}

const PART = 2_000;

/** Longest time that the event loop may stand still for one input, in milliseconds. */
const PAUSE_MS = 100;

/** What this thread has computed so far, in milliseconds; Node.js 22 counts the whole process. */
function computed(): number {
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage)();
  return (user + system) / 1000;
}

/**
 * The processor time of `work`, which does not include other processes. A long time is measured
 * again, up to ten times, and the shortest counts: a garbage collection falls into one of them.
 */
function withoutPause<T>(what: string, work: () => T): T {
  const began = computed();
  const result = work();
  let shortest = computed() - began;
  for (let again = 0; shortest > PAUSE_MS && again < 10; again += 1) {
    const since = computed();
    work();
    shortest = Math.min(shortest, computed() - since);
  }
  assert.ok(shortest <= PAUSE_MS, `${what} takes ${Math.round(shortest)} ms`);
  return result;
}

describe('10,000 hostile inputs', () => {
  it('would be found if they paused the process', () => {
    const pause = () => {
      for (const until = computed() + PAUSE_MS + 20; computed() < until; );
    };
    assert.throws(() => withoutPause('a loop', pause), /^AssertionError.*a loop takes 1\d\d ms/);
    withoutPause('another process', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS + 20));
  }).timeout(60_000);

  it('of logs: none stops the reader, none gives a secret away', async () => {
    for (let seed = 0; seed < PART; seed += 1) {
      const fuzz = new Fuzz(seed);
      const reader = new RunLogReader('r');
      const event = fuzz.of<object>(
        { type: 'report', report: whole() },
        { type: 'step', runId: 'r', report: { step: 'apply', kind: 'failed', message: 'm', at: '', seconds: 1 } },
        { type: 'progress', runId: 'r', progress: { step: 'apply', done: 1, unit: 'bytes' } },
      );
      const text = JSON.stringify(fuzz.changed(event));
      const log = fuzz.of(text, `${text}\n`, text.slice(0, fuzz.below(text.length + 1)), `${fuzz.text()}\n${text}\n`);
      const stream = (async function* () {
        for (let at = 0; at < log.length; ) {
          const size = 1 + fuzz.below(5_000);
          yield log.slice(at, at + size);
          at += size;
        }
      })();
      // Each line is one turn of the event loop at most.
      for await (const line of linesOf(stream, longestLine)) withoutPause(`seed ${seed}`, () => reader.read(line));
      const snapshot = JSON.stringify(reader.snapshot());
      assert.ok(snapshot.length < 600_000, `seed ${seed}`);
      assert.doesNotMatch(
        snapshot,
        /hunter2/,
        `seed ${seed}: ${snapshot.slice(Math.max(0, snapshot.indexOf('hunter2') - 200), snapshot.indexOf('hunter2') + 50)}`,
      );
      assert.doesNotMatch(JSON.stringify(reader.snapshot().tail), /a@b\.org/, `seed ${seed}`);
    }
  }).timeout(120_000);

  it('of reports: each that is one becomes a status that the CRD takes, of a size that is bounded', () => {
    let read = 0;
    for (let seed = 0; seed < PART; seed += 1) {
      const fuzz = new Fuzz(PART + seed);
      const text = JSON.stringify(
        fuzz.of(
          () => fuzz.retold(whole()),
          () => fuzz.changed(whole(), 0.01),
        )(),
      );
      const parsed = withoutPause(`seed ${seed}`, () => reportOf(text, 'r'));
      if (parsed === undefined) continue;
      read += 1;
      assert.equal(runReportSchema.safeParse(parsed).success, true);
      const run: ObservedRun = {
        ...RUN,
        createdAt: START.toISOString(),
        state: 'failed',
        log: { ...EMPTY_LOG, report: parsed },
      };
      const status = withoutPause(`seed ${seed}`, () => statusIn(decide(assess({ ...seen(), run }, START))));
      assert.ok(status !== undefined);
      const valid = statusSchema.safeParse(status);
      assert.ok(valid.success, `seed ${seed}: ${valid.error?.message}`);
      assert.ok(JSON.stringify(status).length < 500_000);
      for (const { message } of status.conditions ?? []) assert.ok(message.length <= 1_024);
    }
    assert.ok(read > PART / 20, `only ${read} were reports`);
  }).timeout(120_000);

  it('of Jobs, pods and their annotations: the caches take each, and a decision follows', () => {
    for (let seed = 0; seed < PART; seed += 1) {
      withoutPause(`seed ${seed}`, () => {
        const fuzz = new Fuzz(2 * PART + seed);
        const touched = new Set<string>();
        const caches = createCaches([], (key) => touched.add(key));
        caches.pods.put(asServed(fuzz.retold(POD)));
        const job = { ...POD, status: { conditions: [{ type: 'Failed', status: 'True', reason: 'x', message: 'y' }] } };
        caches.jobs.put(asServed(fuzz.retold(job)));
        const jobs = caches.jobs.by('trading/u-1');
        const pods = caches.pods.by('trading/u-1');
        const run = newestRun(jobs, pods);
        if (run !== undefined) {
          terminationReport(pods, run.id, { redactData: true });
          const status = statusIn(decide(assess({ ...seen(), run: { ...run, log: EMPTY_LOG } }, START)));
          if (status !== undefined) assert.ok(JSON.stringify(status).length < 500_000, `seed ${seed}`);
        }
        new Slots({ most: 1, mostPerNamespace: 1 }, () => undefined).check('trading/x', 'd', caches, START);
      });
    }
  }).timeout(120_000);

  it('of hand-edited statuses and clocks that jump: each resource is read, and decided on', () => {
    const ended = {
      ...RUN,
      createdAt: START.toISOString(),
      state: 'failed' as const,
      log: { ...EMPTY_LOG, report: report(RUN, START) },
    };
    const base = statusIn(decide(assess({ ...seen(), run: ended }, START)));
    for (let seed = 0; seed < PART; seed += 1) {
      const fuzz = new Fuzz(3 * PART + seed);
      const caches = createCaches([], () => {});
      const object = { ...resource(), status: fuzz.changed(base) };
      caches.resources.put({
        ...object,
        metadata: { ...object.metadata, resourceVersion: '1' },
      } as unknown as KubernetesObject);
      const record = caches.resources.get('trading/bot');
      assert.ok(record !== undefined);
      const now = fuzz.of(START, new Date(0), new Date(8.64e15), new Date(START.getTime() - 86_400_000));
      const kept = databaseMigrationSchema.safeParse(record.resource);
      assert.ok(kept.success, `seed ${seed}`);
      withoutPause(`seed ${seed}`, () => decide(assess({ ...seen(), resource: record.resource }, now)));
    }
  }).timeout(120_000);

  it('of Jobs and pods that are forged in another namespace: a healthy resource is decided on as before', () => {
    const database = databaseKey(resource({}, { namespace: 'shop' }));
    const healthy = {
      ...resource({}, { name: 'healthy', namespace: 'shop', uid: 'u-healthy' }),
      metadata: { name: 'healthy', namespace: 'shop', uid: 'u-healthy', generation: 1, resourceVersion: '1' },
    };
    for (let seed = 0; seed < PART; seed += 1) {
      const fuzz = new Fuzz(4 * PART + seed);
      const touched = new Set<string>();
      const caches = createCaches([], (key) => touched.add(key));
      caches.resources.put(healthy as unknown as KubernetesObject);
      touched.clear();
      // Everything that a tenant of the namespace `trading` can write, with all that it knows of the other.
      const forged = {
        labels: {
          'app.kubernetes.io/managed-by': 'db-manager',
          'db-manager.dev/uid': fuzz.of('u-healthy', 'u-1'),
          'db-manager.dev/database': fuzz.of(database, fuzz.text()),
        },
        annotations: {
          'db-manager.dev/resource': fuzz.of('shop/healthy', 'healthy', '/', fuzz.text()),
          'db-manager.dev/run': fuzz.of('healthy-run', fuzz.text()),
          'db-manager.dev/attempt': fuzz.of('1', '-1', fuzz.text()),
          'db-manager.dev/generation': fuzz.of('1', '9007199254740993', fuzz.text()),
          'db-manager.dev/inputs': fuzz.of('x', fuzz.text()),
        },
      };
      const message = JSON.stringify({ ...whole(), runId: 'healthy-run' });
      const runner = {
        name: 'runner',
        state: fuzz.of<object>({ running: {} }, { terminated: { exitCode: 0, message } }),
      };
      const pod = asServed({ ...POD, metadata: { ...POD.metadata, ...forged } });
      caches.pods.put({ ...pod, status: { containerStatuses: [runner] } } as KubernetesObject);
      caches.jobs.put(asServed({ metadata: { ...POD.metadata, ...forged }, status: {} }));

      const owner = 'shop/u-healthy';
      assert.deepEqual([caches.jobs.by(owner), caches.pods.by(owner)], [[], []], `seed ${seed}`);
      assert.ok(
        [...touched].every((key) => key === '' || key.startsWith('trading/')),
        `seed ${seed}: ${[...touched]}`,
      );
      const connected = { ...EMPTY_LOG, steps: [stepDone('connect')] };
      // The run of that name in `shop` has connected; the forged one of `trading` has not.
      const slots = new Slots({ most: 10, mostPerNamespace: 1 }, (run) =>
        run.startsWith('shop/') ? connected : undefined,
      );
      assert.deepEqual(
        slots.check('shop/healthy', database, caches, START),
        { slot: { kind: 'free' } },
        `seed ${seed}`,
      );
    }
  }).timeout(120_000);

  it('of megabyte ConfigMaps: none is kept, and none pauses the process', () => {
    const caches = createCaches([], () => {});
    const million = 'x'.repeat(1_000_000);
    for (let seed = 0; seed < 50; seed += 1) {
      const fuzz = new Fuzz(5 * PART + seed);
      const annotations = { [fuzz.text().slice(0, 60)]: million.slice(0, 256_000), big: fuzz.text() };
      const configMap = { metadata: { name: `c${seed}`, namespace: 'n', resourceVersion: `${seed}`, annotations } };
      withoutPause(`seed ${seed}`, () =>
        caches.configMaps.put({ ...configMap, data: { a: million } } as KubernetesObject),
      );
      assert.deepEqual(caches.configMaps.get(`n/c${seed}`), `${seed}`);
    }
  });
});
function seen() {
  const mine = resource();
  return {
    controller: 'operator' as const,
    resource: mine,
    inputs: inputsDigest(mine, [{ name: 'migrations', version: '1' }]),
    missingSources: [],
    dependencies: [],
    slot: { kind: 'free' as const },
  };
}
