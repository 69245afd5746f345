import type { Api } from '../controller-runtime/api.ts';
import type { WorkQueue } from '../controller-runtime/queue.ts';
import { assess } from '../core/reconcile/assess.ts';
import { type Decision, decide, eventsIn, statusIn } from '../core/reconcile/decide.ts';
import { databaseKey } from '../core/reconcile/inputs.ts';
import type { Assessed } from '../core/reconcile/situation.ts';
import { type ActionContext, act, type Outcome } from './act.ts';
import { isRecorded } from './caches.ts';
import type { ControllerEvent } from './controller-event.ts';
import { fetchObservations, observe, type Sources } from './observe.ts';
import { collectOrphanedJobs } from './orphaned-jobs.ts';
import { ownerKey } from './run-records.ts';

interface ReconcilerOptions {
  sources: Sources;
  queue: Pick<WorkQueue, 'add' | 'addAfter' | 'forget'>;
  /** Its API is fenced by the leadership. */
  context: ActionContext;
  emit(news: ControllerEvent): void;
}

/** Reconciles one resource at a time per key: observe, assess, decide, act. Exists only while this process leads. */
export class Reconciler {
  readonly #sources: Sources;
  readonly #queue: ReconcilerOptions['queue'];
  readonly #context: ActionContext;
  readonly #emit: ReconcilerOptions['emit'];

  constructor({ sources, queue, context, emit }: ReconcilerOptions) {
    this.#sources = sources;
    this.#queue = queue;
    this.#context = context;
    this.#emit = emit;
  }

  async reconcile(key: string): Promise<void> {
    const { now } = this.#context;
    const { slots, tracker } = this.#sources;
    const began = performance.now();
    const fetched = await fetchObservations(key, this.#sources, now());
    // The end of a log is being read; the key is queued again when it is known.
    if (fetched === 'reading') return;
    // Nothing is awaited between here and `reserve`, so two resources cannot take the same slot or database.
    const observed = observe(key, fetched, this.#sources, now());
    if (observed === undefined) {
      this.#forget(key);
      return this.#collectOrphanedJobs(key, this.#context.api);
    }
    const assessed = assess(observed, now());
    const decision = decide(assessed);
    if (assessed.kind === 'due') slots.reserve(key, databaseKey(observed.resource));
    try {
      const outcome = await act(observed.resource, decision, this.#context);
      if (outcome.kind === 'refused') return this.#refuse(key, observed.inputs, outcome);
    } finally {
      slots.release(key);
    }
    if (assessed.kind === 'due') tracker.set(key, { refusal: undefined, withdrawn: undefined });
    this.#report(key, assessed, decision);
    this.#dropRecorded(key);
    if (decision.requeueAfter !== undefined) this.#queue.addAfter(key, decision.requeueAfter);
    await this.#collectOrphanedJobs(key, this.#context.api);
    this.#emit({ type: 'reconciled', key, situation: assessed.kind, seconds: (performance.now() - began) / 1000 });
  }

  #report(key: string, assessed: Assessed, decision: Decision): void {
    if (assessed.kind === 'due')
      this.#emit({ type: 'started', key, run: assessed.run.id, attempt: assessed.run.attempt });
    for (const { type: level, reason, message } of eventsIn(decision))
      this.#emit({ type: 'event', key, level, reason, message });
    const status = statusIn(decision);
    if ((assessed.kind === 'finished' || assessed.kind === 'vanished') && status !== undefined)
      this.#emit({ type: 'ended', key, run: assessed.run.id, status });
  }

  async #collectOrphanedJobs(key: string, api: Api): Promise<void> {
    const again = await collectOrphanedJobs(key, { ...this.#sources, api }, this.#context.now());
    if (again !== undefined) this.#queue.addAfter(key, again);
  }

  #refuse(key: string, inputs: string, { message, permanent }: Extract<Outcome, { kind: 'refused' }>): void {
    const { tracker } = this.#sources;
    const before = tracker.get(key).refusal;
    const count = before?.inputs === inputs ? before.count + 1 : 1;
    tracker.set(key, {
      refusal: { reason: 'JobRefused', message, permanent, count, at: this.#context.now(), inputs },
    });
    this.#queue.add(key);
  }

  /** The result of a run is now in the status: its log and its termination message are not needed any more. */
  #dropRecorded(key: string): void {
    const { caches, logs } = this.#sources;
    const record = caches.resources.get(key);
    for (const pod of caches.pods.by(ownerKey(record?.namespace, record?.uid))) {
      if (isRecorded(key, pod.run.id, this.#sources)) pod.terminationMessage = undefined;
    }
    logs.dropOf(key, (runId) => isRecorded(key, runId, this.#sources));
  }

  #forget(key: string): void {
    this.#queue.forget(key);
    this.#sources.tracker.set(key, { refusal: undefined, withdrawn: undefined });
    this.#sources.logs.dropOf(key, () => true);
  }
}
