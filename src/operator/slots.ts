import type { RunLog } from '../core/reconcile/observed.ts';
import { podFailureReason } from '../core/reconcile/pod-trouble.ts';
import type { Caches } from './caches.ts';
import { runKey } from './logs.ts';
import { namespaceOf } from './names.ts';
import { ResourceTracker } from './resource-tracker.ts';
import { type JobRecord, ownerKey } from './run-records.ts';

export interface SlotLimits {
  /** Maximum number of runs at the same time, in all namespaces. */
  most: number;
  /** Maximum number of runs at the same time in one namespace. */
  mostPerNamespace: number;
}

/** Whether a run may start. `all`, `namespace`: the limit that is reached; `turn`: other namespaces come first. */
type SlotAnswer = { kind: 'free' } | { kind: 'taken'; by: 'all' | 'namespace' | 'turn' };

export interface SlotCheck {
  slot: SlotAnswer;
  /** A resource of the same namespace, or `otherNamespace` for a resource of another namespace. */
  databaseInUseBy?: { name: string; kind?: string } | 'otherNamespace';
}

/** A backup or a restore in a Job: it holds a slot, and its database within its namespace, as a run does. */
export interface Task extends Slot {
  kind: string;
  name: string;
  /** Label of its database. */
  database: string;
}

export interface Tasks {
  active(): Iterable<Task>;
  /** Namespaces with a task that waits for a slot. */
  queued(): Iterable<string>;
}

/** `namespace/kind/name`; a DatabaseMigration has the key `namespace/name`. */
export function taskKey({ namespace, kind, name }: Pick<Task, 'namespace' | 'kind' | 'name'>): string {
  return `${namespace}/${kind}/${name}`;
}

/**
 * A pod that has not started after this time counts as waiting, even if the kubelet reports no reason. Milliseconds.
 */
export const START_MS = 60_000;
/** Jobs whose pods do not start use no resources of a node, but their number in one namespace is limited. */
const WAITING_TIMES = 10;

interface Slot {
  namespace: string;
  state: 'starting' | 'running' | 'waiting';
}

/**
 * Decides which runs may run at the same time. A run holds a slot if its pod has started or is about to start; a run
 * that waits for a Secret, an image or a claim holds none. Within its namespace, a run holds its database from the
 * decision to start. For other namespaces it holds the database only after it has connected: a resource that only names
 * a database may lack access to it.
 */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #logOf: (run: string) => RunLog | undefined;
  readonly #tasks: Tasks;
  readonly #tracker: ResourceTracker;

  constructor(
    limits: SlotLimits,
    logOf: (run: string) => RunLog | undefined,
    tasks: Tasks = { active: () => [], queued: () => [] },
    tracker = new ResourceTracker(),
  ) {
    this.#limits = limits;
    this.#logOf = logOf;
    this.#tasks = tasks;
    this.#tracker = tracker;
  }

  check(
    key: string,
    database: string,
    caches: Pick<Caches, 'activeJobs' | 'jobs' | 'pods' | 'resources' | 'queued'>,
    now: Date,
  ): SlotCheck {
    const slots = new Map<string, Slot>();
    let databaseInUseBy: SlotCheck['databaseInUseBy'];
    const namespace = namespaceOf(key);
    const markInUse = (by: string) => {
      const near = namespaceOf(by) === namespace;
      if (near) databaseInUseBy = holderOf(by);
      else databaseInUseBy ??= 'otherNamespace';
    };
    for (const id of caches.activeJobs) {
      const job = caches.jobs.get(id);
      if (job === undefined || job.resource === key) continue;
      // A run that has reported has ended, even if its Job is not complete yet.
      const last = caches.resources.get(job.resource)?.run;
      if (last?.id === job.run.id && last.finishedAt !== undefined) continue;
      const state = this.#stateOf(job, caches, now);
      slots.set(job.resource, { namespace: job.namespace, state });
      if (job.database !== database || state === 'waiting') continue;
      if (job.namespace === namespace || this.#hasConnected(job)) markInUse(job.resource);
    }
    for (const task of this.#tasks.active()) {
      const by = taskKey(task);
      if (by === key) continue;
      slots.set(by, task);
      if (task.database === database && task.state !== 'waiting' && task.namespace === namespace) markInUse(by);
    }
    for (const [owner, { reserved }] of this.#tracker.entries()) {
      if (owner === key || reserved === undefined) continue;
      if (!slots.has(owner)) slots.set(owner, { namespace: namespaceOf(owner), state: 'starting' });
      if (reserved === database && namespaceOf(owner) === namespace) markInUse(owner);
    }
    const queued = new Set([...caches.queued(), ...this.#tasks.queued()]);
    const slot = this.#answer(namespace, [...slots.values()], queued);
    return { slot, ...(databaseInUseBy === undefined ? {} : { databaseInUseBy }) };
  }

  /** Reserves the slot from the decision to start a run until its Job is in the cache or was refused. */
  reserve(key: string, database: string): void {
    this.#tracker.set(key, { reserved: database });
  }

  release(key: string): void {
    this.#tracker.set(key, { reserved: undefined });
  }

  #stateOf(job: JobRecord, { pods }: Pick<Caches, 'pods'>, now: Date): Slot['state'] {
    const pod = pods.by(ownerKey(job.namespace, job.owner)).findLast(({ run }) => run.id === job.run.id)?.pod;
    if (pod?.started === true) return 'running';
    const late = now.getTime() - Date.parse(job.createdAt) > START_MS;
    const trouble = pod === undefined ? undefined : podFailureReason({ pod });
    return late || trouble !== undefined ? 'waiting' : 'starting';
  }

  #hasConnected({ namespace, run }: JobRecord): boolean {
    return (
      this.#logOf(runKey(namespace, run.id))?.steps.some(({ step, kind }) => step === 'connect' && kind === 'done') ===
      true
    );
  }

  /**
   * The namespace with the fewest runs comes first: one slot is reserved for each namespace that has a resource in the
   * queue and fewer runs than this one.
   */
  #answer(namespace: string, slots: readonly Slot[], queued: ReadonlySet<string>): SlotAnswer {
    const { most, mostPerNamespace } = this.#limits;
    const held = slots.filter(({ state }) => state !== 'waiting');
    const runs = new Map<string, number>();
    for (const slot of held) runs.set(slot.namespace, (runs.get(slot.namespace) ?? 0) + 1);
    const mine = runs.get(namespace) ?? 0;
    const waiting = slots.filter((slot) => slot.state === 'waiting' && slot.namespace === namespace).length;
    if (mine >= mostPerNamespace || waiting >= mostPerNamespace * WAITING_TIMES)
      return { kind: 'taken', by: 'namespace' };
    const free = most - held.length;
    if (free <= 0) return { kind: 'taken', by: 'all' };
    const before = [...queued].filter((other) => {
      const theirs = runs.get(other) ?? 0;
      return other !== namespace && theirs < mine && theirs < mostPerNamespace;
    });
    return before.length < free ? { kind: 'free' } : { kind: 'taken', by: 'turn' };
  }
}

function holderOf(key: string): { name: string; kind?: string } {
  const [, kind = '', name] = key.split('/');
  return name === undefined ? { name: kind } : { kind, name };
}
