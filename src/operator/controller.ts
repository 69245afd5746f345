import type { Api } from '../controller-runtime/api.ts';
import { fenced, isExpected, type Leadership } from '../controller-runtime/lease.ts';
import { WorkQueue } from '../controller-runtime/queue.ts';
import type { Allowed } from '../core/reconcile/allowed.ts';
import { type Caches, createCaches, isRecorded } from './caches.ts';
import type { ControllerEvent } from './controller-event.ts';
import { LogFollowers } from './logs.ts';
import type { RunnerDefaults } from './manifests/job.ts';
import { namespaceOf } from './names.ts';
import type { Sources } from './observe.ts';
import { Reconciler } from './reconciler.ts';
import { ResourceTracker } from './resource-tracker.ts';
import { type SlotCheck, type SlotLimits, Slots, type Tasks } from './slots.ts';

interface ControllerOptions {
  api: Api;
  /** Empty: all namespaces. */
  namespaces: readonly string[];
  runner: RunnerDefaults;
  slots: SlotLimits;
  /** Backups and restores, which take slots too. */
  tasks?: Tasks;
  /** Absent: everything is allowed. */
  allowed?: Allowed;
  /** Identity of this process, for events. */
  identity: string;
  now(): Date;
  emit(news: ControllerEvent): void;
  /** A resource, or something that it depends on, has changed. */
  onTouched?(key: string): void;
}

/** Minimum interval between two writes of the live status of one resource, in milliseconds. */
const LIVE_MS = 400;
/** One namespace has at most half of them. */
const WORKERS = 16;

interface Controller {
  readonly caches: Caches;
  readonly queue: WorkQueue;
  readonly slots: SharedSlots;
  /** Watches before it leads, so that a second replica takes over without a pause. Resolves when the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
  /** Starts to act; every write is fenced by the leadership. */
  lead(leadership: Leadership): void;
  /** Accepts no new work and resolves when the work in progress is done. Runs continue without the controller. */
  stop(): Promise<void>;
}

/** The slots of runs, for backups and restores. Keys are those of `taskKey`. */
export interface SharedSlots {
  check(key: string, database: string): SlotCheck;
  reserve(key: string, database: string): void;
  release(key: string): void;
  /** A backup or restore has ended: runs that wait look again. */
  freed(): void;
}

export function createController({
  api,
  namespaces,
  runner,
  slots: limits,
  tasks,
  allowed = {},
  identity,
  now,
  emit,
  onTouched,
}: ControllerOptions): Controller {
  let reconciler: Reconciler | undefined;
  const queue: WorkQueue = new WorkQueue({
    workers: WORKERS,
    work: async (key) => reconciler?.reconcile(key),
    groupOf: namespaceOf,
    // Thousands of keys that wait for a slot must not delay the end of a run, which frees one.
    isUrgent: (key) => caches.jobsOf(key).some(({ run }) => !isRecorded(key, run.id, { caches })),
    onError: (key, error) => {
      if (!isExpected(error)) emit({ type: 'failed', key, error });
    },
    onStart: (_key, waitedMs) => emit({ type: 'waited', seconds: waitedMs / 1000 }),
  });
  const caches: Caches = createCaches(namespaces, (key) => {
    if (reconciler !== undefined && key !== '') queue.add(key);
    onTouched?.(key);
  });
  const logs = new LogFollowers(api, ({ resource, runId }, { step, hasReport }) => {
    if (step !== undefined) emit({ type: 'step', key: resource, run: runId, step });
    if (hasReport) queue.add(resource);
    else queue.addAfter(resource, LIVE_MS);
  });
  const tracker = new ResourceTracker();
  const slots = new Slots(limits, (run) => logs.of(run), tasks, tracker);
  const sources: Sources = { api, caches, logs, slots, tracker, allowed };

  return {
    caches,
    queue,
    slots: {
      check: (key, database) => slots.check(key, database, caches, now()),
      reserve: (key, database) => slots.reserve(key, database),
      release: (key) => slots.release(key),
      freed() {
        if (reconciler !== undefined) for (const key of caches.waiting) queue.add(key);
      },
    },
    watch: (signal) => caches.run(api, signal, (path, error) => emit({ type: 'watch', path, error })),
    lead(leadership) {
      const onEventError = (error: unknown) => emit({ type: 'failed', key: 'events', error });
      const onWithdrawn = (key: string, job: string) => tracker.set(key, { withdrawn: job });
      const context = { api: fenced(api, leadership), caches, runner, identity, now, onEventError, onWithdrawn };
      reconciler = new Reconciler({ sources, queue, context, emit });
      for (const key of caches.resources.keys()) queue.add(key);
      for (const { resource } of caches.jobs.values()) queue.add(resource);
    },
    async stop() {
      logs.stop();
      await queue.stop();
    },
  };
}
