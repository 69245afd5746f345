import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../src/controller-runtime/store.ts';
import { databaseKey } from '../../src/core/reconcile/inputs.ts';
import type { RunLog } from '../../src/core/reconcile/observed.ts';
import { createCaches } from '../../src/operator/caches.ts';
import { runJob } from '../../src/operator/manifests/job.ts';
import { type SlotCheck, Slots, type Task } from '../../src/operator/slots.ts';
import { resource, START } from '../core/reconcile/reconcile-harness.ts';

const POSTGRES = {
  database: { postgres: { host: 'db.example.org', database: 'app', user: 'u' } },
};
const AT = new Date(START.getTime() + 10_000);

type Pod = 'none' | 'creating' | 'running' | 'noSecret' | 'noImage' | 'noClaim' | 'ended';

const STATES: Record<Exclude<Pod, 'none'>, object> = {
  creating: { containerStatuses: [{ name: 'runner', state: { waiting: { reason: 'ContainerCreating' } } }] },
  running: { containerStatuses: [{ name: 'runner', state: { running: {} } }] },
  noSecret: { containerStatuses: [{ name: 'runner', state: { waiting: { reason: 'CreateContainerConfigError' } } }] },
  noImage: { containerStatuses: [{ name: 'runner', state: { waiting: { reason: 'ImagePullBackOff' } } }] },
  noClaim: {
    conditions: [
      { type: 'PodScheduled', status: 'False', message: 'persistentvolumeclaim "x" not found. preemption: 0/1' },
    ],
  },
  ended: { containerStatuses: [{ name: 'runner', state: { terminated: { exitCode: 0 } } }] },
};

/** A cluster as the caches show it. */
class Cluster {
  readonly caches = createCaches([], () => {});
  readonly logs = new Map<string, RunLog>();
  readonly tasks: Task[] = [];
  readonly slots: Slots;
  #version = 0;

  constructor(most = 10, mostPerNamespace = most) {
    this.slots = new Slots({ most, mostPerNamespace }, (id) => this.logs.get(id), {
      active: () => this.tasks,
      queued: () => [],
    });
  }

  /** A resource with a run whose Job was made at START; returns where the log of the run is kept. */
  runs(namespace: string, name: string, pod: Pod, spec: object = {}): string {
    const uid = `${namespace}-${name}`;
    const owner = resource(spec, { namespace, name, uid });
    const id = `${uid}-run`;
    const run = { id, job: id, attempt: 1, inputs: 'x', generation: 1 };
    const job = runJob(owner, run, { image: 'i' }) as unknown as KubernetesObject & { spec: { template: object } };
    const { metadata } = job;
    this.#version += 1;
    const stamped = { creationTimestamp: START.toISOString(), resourceVersion: `${this.#version}` };
    this.caches.jobs.put({ ...job, metadata: { ...metadata, ...stamped } } as KubernetesObject);
    if (pod !== 'none') {
      const { labels, annotations } = metadata;
      this.caches.pods.put({
        metadata: { name: `${id}-pod`, namespace, labels, annotations, uid: `${id}-pod`, ...stamped },
        status: STATES[pod],
      } as KubernetesObject);
    }
    return `${namespace}/${id}`;
  }

  /** A resource that waits in the queue, or not any more. */
  queues(namespace: string, name: string, reason = 'Queued'): void {
    this.#version += 1;
    const conditions = [
      { type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: '2024-06-01T12:00:00Z' },
    ];
    const metadata = { resourceVersion: `${this.#version}` };
    const queued = resource({}, { namespace, name, uid: `${namespace}-${name}`, ...metadata });
    this.caches.resources.put({ ...queued, status: { conditions } } as unknown as KubernetesObject);
  }

  look(namespace: string, name: string, spec: object = {}, now = AT): SlotCheck {
    const asked = resource(spec, { namespace, name });
    return this.slots.check(`${namespace}/${name}`, databaseKey(asked), this.caches, now);
  }
}

describe('the namespaces in the queue', () => {
  it('are those with a queued resource, until the last one has started or is deleted', () => {
    const cluster = new Cluster();
    const queued = () => [...cluster.caches.queued()].sort();
    cluster.queues('a', 'one');
    cluster.queues('a', 'two');
    cluster.queues('b', 'one', 'DatabaseInUse');
    assert.deepEqual(queued(), ['a']);
    cluster.queues('b', 'one');
    cluster.queues('a', 'one', 'Running');
    cluster.queues('a', 'one', 'Migrated');
    assert.deepEqual(queued(), ['a', 'b']);
    cluster.queues('a', 'two', 'Running');
    assert.deepEqual(queued(), ['b']);
    cluster.caches.resources.replace('all', []);
    assert.deepEqual(queued(), []);
  });
});

describe('a backup or restore', () => {
  const task = (namespace: string, state: Task['state'], spec: object = POSTGRES): Task => ({
    namespace,
    kind: 'DatabaseRestore',
    name: 'undo',
    state,
    database: databaseKey(resource(spec, { namespace, name: 'any' })),
  });

  it('takes a slot of a migration, unless its pod cannot begin', () => {
    const cluster = new Cluster(1);
    cluster.tasks.push(task('a', 'waiting'));
    assert.deepEqual(cluster.look('b', 'r').slot, { kind: 'free' });
    cluster.tasks.push(task('a', 'running'));
    assert.deepEqual(cluster.look('b', 'r').slot, { kind: 'taken', by: 'all' });
  });

  it('finds the slots of migrations taken, and not its own', () => {
    const cluster = new Cluster(1);
    cluster.tasks.push(task('a', 'running'));
    assert.deepEqual(cluster.slots.check('a/DatabaseRestore/undo', 'x', cluster.caches, AT).slot, { kind: 'free' });
    cluster.runs('b', 'r', 'running');
    assert.equal(cluster.slots.check('a/DatabaseRestore/undo', 'x', cluster.caches, AT).slot.kind, 'taken');
  });

  it('holds its database for migrations of its namespace; one of another namespace only names it', () => {
    const cluster = new Cluster();
    cluster.tasks.push(task('a', 'running'));
    const held = { kind: 'DatabaseRestore', name: 'undo' };
    assert.deepEqual(cluster.look('a', 'r', POSTGRES).databaseInUseBy, held);
    assert.equal(cluster.look('b', 'r', POSTGRES).databaseInUseBy, undefined);
  });

  it('waits for a migration of its database', () => {
    const cluster = new Cluster();
    cluster.runs('a', 'r', 'running', POSTGRES);
    const database = databaseKey(resource(POSTGRES, { namespace: 'a', name: 'r' }));
    const look = cluster.slots.check('a/DatabaseBackup/now', database, cluster.caches, AT);
    assert.deepEqual(look.databaseInUseBy, { name: 'r' });
  });
});

describe('a slot', () => {
  for (const pod of ['noSecret', 'noImage', 'noClaim'] as const) {
    it(`is not held by a run whose pod cannot start (${pod}), neither against others nor against its own namespace (C4)`, () => {
      const cluster = new Cluster(10);
      for (let n = 0; n < 10; n += 1) cluster.runs('hostile', `r${n}`, pod);
      assert.deepEqual(cluster.look('good', 'g').slot, { kind: 'free' });
      assert.deepEqual(cluster.look('hostile', 'g').slot, { kind: 'free' });
    });
  }

  for (const pod of ['none', 'creating'] as const) {
    it(`is held by a run that is about to begin (${pod}), for a minute`, () => {
      const cluster = new Cluster(1);
      cluster.runs('a', 'r', pod);
      assert.deepEqual(cluster.look('b', 'g').slot, { kind: 'taken', by: 'all' });
      assert.deepEqual(cluster.look('b', 'g', {}, new Date(START.getTime() + 61_000)).slot, { kind: 'free' });
    });
  }

  it('is held by a run for as long as it runs', () => {
    const cluster = new Cluster(1);
    cluster.runs('a', 'r', 'running');
    assert.deepEqual(cluster.look('b', 'g', {}, new Date(START.getTime() + 86_400_000)).slot, {
      kind: 'taken',
      by: 'all',
    });
    assert.deepEqual(cluster.look('a', 'r').slot, { kind: 'free' });
  });

  it('is held from the decision to start on', () => {
    const cluster = new Cluster(1);
    cluster.slots.reserve('a/r', 'x');
    assert.deepEqual(cluster.look('b', 'g').slot, { kind: 'taken', by: 'all' });
    cluster.slots.release('a/r');
    assert.deepEqual(cluster.look('b', 'g').slot, { kind: 'free' });
  });

  it('is refused to a namespace that has reached its own limit', () => {
    const cluster = new Cluster(10, 2);
    cluster.runs('a', 'r1', 'running');
    cluster.runs('a', 'r2', 'creating');
    assert.deepEqual(cluster.look('a', 'r3').slot, { kind: 'taken', by: 'namespace' });
    assert.deepEqual(cluster.look('b', 'r').slot, { kind: 'free' });
  });

  it('is refused to a namespace with a great many pods that cannot begin', () => {
    const cluster = new Cluster(2);
    for (let n = 0; n < 20; n += 1) cluster.runs('a', `r${n}`, 'noSecret');
    assert.deepEqual(cluster.look('a', 'r').slot, { kind: 'taken', by: 'namespace' });
    assert.deepEqual(cluster.look('b', 'r').slot, { kind: 'free' });
  });

  it('goes first to the namespace that has fewer runs', () => {
    const cluster = new Cluster(3);
    cluster.runs('greedy', 'r1', 'running');
    cluster.runs('greedy', 'r2', 'running');
    cluster.queues('greedy', 'r3');
    assert.deepEqual(cluster.look('greedy', 'r3').slot, { kind: 'free' });
    cluster.queues('modest', 'r');
    assert.deepEqual(cluster.look('greedy', 'r3').slot, { kind: 'taken', by: 'turn' });
    assert.deepEqual(cluster.look('modest', 'r').slot, { kind: 'free' });
  });
});

describe('a database', () => {
  const connected = (): RunLog => ({
    steps: [{ step: 'connect', kind: 'done', message: '', at: '', seconds: 0 }],
    tail: [],
    complete: false,
  });

  it('is not held against another namespace by a run that has not connected to it (C5)', () => {
    for (const pod of ['none', 'creating', 'noSecret', 'running'] as const) {
      const cluster = new Cluster();
      cluster.runs('a', 'r', pod, POSTGRES);
      assert.equal(cluster.look('b', 'r', POSTGRES).databaseInUseBy, undefined, pod);
    }
  });

  it('is held against another namespace by a run that has connected, without its name', () => {
    const cluster = new Cluster();
    const id = cluster.runs('a', 'secret-project', 'running', POSTGRES);
    cluster.logs.set(id, connected());
    const look = cluster.look('b', 'r', POSTGRES);
    assert.equal(look.databaseInUseBy, 'otherNamespace');
    assert.doesNotMatch(JSON.stringify(look), /secret-project/);
    const other = { database: { postgres: { ...POSTGRES.database.postgres, database: 'other' } } };
    assert.equal(cluster.look('b', 'r', other).databaseInUseBy, undefined);
  });

  it('is not held by a run that failed to connect', () => {
    const cluster = new Cluster();
    const id = cluster.runs('a', 'r', 'running', POSTGRES);
    const [step] = connected().steps;
    cluster.logs.set(id, { ...connected(), steps: step === undefined ? [] : [{ ...step, kind: 'failed' }] });
    assert.equal(cluster.look('b', 'r', POSTGRES).databaseInUseBy, undefined);
  });

  it('is held within a namespace from the start on, by name, but not by a pod that cannot begin', () => {
    const cluster = new Cluster();
    cluster.runs('a', 'first', 'creating', POSTGRES);
    assert.deepEqual(cluster.look('a', 'second', POSTGRES).databaseInUseBy, { name: 'first' });
    const stuck = new Cluster();
    stuck.runs('a', 'first', 'noSecret', POSTGRES);
    assert.equal(stuck.look('a', 'second', POSTGRES).databaseInUseBy, undefined);
  });
});
