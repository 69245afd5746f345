import type { Api } from '../controller-runtime/api.ts';
import { isStatus, isTerminating } from '../controller-runtime/api-error.ts';
import { fenced, type Leadership, NotLeader } from '../controller-runtime/lease.ts';
import { WorkQueue } from '../controller-runtime/queue.ts';
import type { Reason } from '../core/model/reason.ts';
import type { StepReport } from '../core/model/report.ts';
import type { DatabaseMigrationStatus } from '../core/model/resource.ts';
import type { Allowed } from '../core/reconcile/allowed.ts';
import { assess } from '../core/reconcile/assess.ts';
import { decide } from '../core/reconcile/decide.ts';
import { databaseKey } from '../core/reconcile/inputs.ts';
import type { Refusal } from '../core/reconcile/observed.ts';
import type { Assessed } from '../core/reconcile/situation.ts';
import { type ActionContext, act, type Outcome } from '../operator/act.ts';
import { type Caches, createCaches, isRecorded } from '../operator/caches.ts';
import { LogFollowers, runKey } from './logs.ts';
import type { RunnerDefaults } from './manifests/job.ts';
import { namespaceOf } from './names.ts';
import { fetchObservations, observe, type Sources } from './observe.ts';
import { OrphanedJobs } from './orphaned-jobs.ts';
import { ownerKey } from './run-records.ts';
import { type Look, type SlotLimits, Slots, type Tasks } from './slots.ts';

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

/** Events of the controller, for logs and metrics. Each is emitted once. */
export type ControllerEvent =
  | { type: 'reconciled'; key: string; situation: Assessed['kind']; seconds: number }
  | { type: 'failed'; key: string; error: unknown }
  | { type: 'waited'; seconds: number }
  | { type: 'started'; key: string; run: string; attempt: number }
  | { type: 'step'; key: string; run: string; step: StepReport }
  | { type: 'ended'; key: string; run: string; status: DatabaseMigrationStatus }
  | { type: 'event'; key: string; level: 'Normal' | 'Warning'; reason: Reason; message: string }
  | { type: 'watch'; path: string; error: unknown };

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
  look(key: string, database: string): Look;
  promise(key: string, database: string): void;
  settle(key: string): void;
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
  let context: ActionContext | undefined;
  const refusals = new Map<string, Refusal & { inputs: string }>();
  const withdrawn = new Map<string, string>();
  /** By `runKey`. */
  const ofRun = new Map<string, { key: string; id: string }>();
  const queue = new WorkQueue({
    workers: WORKERS,
    work,
    groupOf: namespaceOf,
    onError: (key, error) => {
      // A conflict is expected: the resource has changed and is reconciled again.
      if (!isStatus(error, 409) && !isTerminating(error) && !(error instanceof NotLeader))
        emit({ type: 'failed', key, error });
    },
    onStart: (_key, waitedMs) => emit({ type: 'waited', seconds: waitedMs / 1000 }),
  });
  const caches = createCaches(namespaces, (key) => {
    if (context !== undefined && key !== '') queue.add(key);
    onTouched?.(key);
  });
  const logs = new LogFollowers(api, (run, step) => {
    const known = ofRun.get(run);
    if (known === undefined) return;
    const { key, id } = known;
    if (step !== undefined) emit({ type: 'step', key, run: id, step });
    if (logs.of(run)?.report === undefined) queue.addAfter(key, LIVE_MS);
    else queue.add(key);
  });
  const slots = new Slots(limits, (run) => logs.of(run), tasks);
  const sources: Sources = { api, caches, logs, slots, withdrawn, refusals, allowed };
  const leftovers = new OrphanedJobs(caches);

  function podsOf(key: string) {
    const record = caches.resources.get(key);
    return caches.pods.by(ownerKey(record?.namespace, record?.uid));
  }

  async function work(key: string): Promise<void> {
    if (context === undefined) return;
    const began = performance.now();
    for (const { namespace, run } of podsOf(key)) ofRun.set(runKey(namespace, run.id), { key, id: run.id });
    const gathered = await fetchObservations(key, sources, now());
    // The end of a log is being read; the key is queued again when it is known.
    if (gathered === 'reading') return;
    // Nothing is awaited between here and `promise`, so two resources cannot take the same slot or database.
    const observed = observe(key, gathered, sources, now());
    if (observed === undefined) {
      forget(key);
      return sweep(key, context);
    }
    const assessed = assess(observed, now());
    const decision = decide(assessed);
    if (assessed.kind === 'due') slots.promise(key, databaseKey(observed.resource));
    try {
      const outcome = await act(observed.resource, decision, context);
      if (outcome.kind === 'refused') return refuse(key, observed.inputs, outcome);
    } finally {
      slots.settle(key);
    }
    if (assessed.kind === 'due') {
      refusals.delete(key);
      withdrawn.delete(key);
      emit({ type: 'started', key, run: assessed.run.id, attempt: assessed.run.attempt });
    }
    for (const { type: level, reason, message } of decision.events)
      emit({ type: 'event', key, level, reason, message });
    if ((assessed.kind === 'finished' || assessed.kind === 'vanished') && decision.status !== undefined) {
      emit({ type: 'ended', key, run: assessed.run.id, status: decision.status });
    }
    dropRecorded(key);
    if (decision.requeueAfter !== undefined) queue.addAfter(key, decision.requeueAfter);
    await sweep(key, context);
    emit({ type: 'reconciled', key, situation: assessed.kind, seconds: (performance.now() - began) / 1000 });
  }

  async function sweep(key: string, { api }: ActionContext): Promise<void> {
    const again = await leftovers.collect(key, api, now());
    if (again !== undefined) queue.addAfter(key, again);
  }

  function refuse(key: string, inputs: string, { message, permanent }: Extract<Outcome, { kind: 'refused' }>): void {
    const before = refusals.get(key);
    const count = before?.inputs === inputs ? before.count + 1 : 1;
    refusals.set(key, { reason: 'JobRefused', message, permanent, count, at: now(), inputs });
    queue.add(key);
  }

  /** The result of a run is now in the status. */
  function dropRecorded(key: string): void {
    for (const pod of podsOf(key)) {
      if (isRecorded(key, pod.run.id, sources)) pod.terminationMessage = undefined;
    }
    for (const [run, owner] of ofRun) {
      if (owner.key !== key || !isRecorded(key, owner.id, sources)) continue;
      logs.drop(run);
      ofRun.delete(run);
    }
  }

  function forget(key: string): void {
    queue.forget(key);
    refusals.delete(key);
    withdrawn.delete(key);
    for (const [run, owner] of ofRun) {
      if (owner.key !== key) continue;
      logs.drop(run);
      ofRun.delete(run);
    }
  }

  return {
    caches,
    queue,
    slots: {
      look: (key, database) => slots.look(key, database, caches, now()),
      promise: (key, database) => slots.promise(key, database),
      settle: (key) => slots.settle(key),
      freed() {
        if (context !== undefined) for (const key of caches.waiting) queue.add(key);
      },
    },
    watch: (signal) => caches.run(api, signal, (path, error) => emit({ type: 'watch', path, error })),
    lead(leadership) {
      const onEventError = (error: unknown) => emit({ type: 'failed', key: 'events', error });
      const onWithdrawn = (key: string, job: string) => withdrawn.set(key, job);
      context = { api: fenced(api, leadership), caches, runner, identity, now, onEventError, onWithdrawn };
      for (const key of caches.resources.keys()) queue.add(key);
      for (const { resource } of caches.jobs.values()) queue.add(resource);
    },
    async stop() {
      logs.stop();
      await queue.stop();
    },
  };
}
