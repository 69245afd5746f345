import { clip } from '../model/clip.ts';
import type { Reason } from '../model/reason.ts';
import type { DatabaseMigrationStatus } from '../model/resource.ts';
import type { Condition } from '../model/resource-status.ts';
import { type ConditionDraft, conditionsFromSteps, isOfRun, settleConditions } from './conditions.ts';
import { lostReport } from './lost-report.ts';
import type { Observed, ObservedRun } from './observed.ts';
import { podFailureReason } from './pod-trouble.ts';
import { hasRetryLeft, retryAt } from './retry.ts';
import type { Assessed, RunResult } from './situation.ts';
import { whatToDo } from './stalled-message.ts';
import { type RunFacts, statusFromReport } from './status-from-report.ts';
import { stepText } from './text.ts';
import { LIMITS } from './truncate.ts';

/** The desired status; undefined if it does not change. */
export function computeStatus(assessed: Assessed): DatabaseMigrationStatus | undefined {
  const { observed, now } = assessed;
  const before = observed.resource.status ?? {};
  switch (assessed.kind) {
    case 'unmanaged': {
      // Without conditions: the result is in the log of the sidecar, and tools that wait need not wait for the operator.
      const { conditions: _, ...rest } = before;
      return { ...rest, observedGeneration: observed.resource.metadata.generation, summary: 'Sidecar' };
    }
    case 'deleting': {
      const { open } = assessed;
      if (open.kind === 'ended') return finished(observed, open.run, open.result, now);
      return open.kind === 'begun' ? running(observed, open.run, now) : undefined;
    }
    case 'running':
      return running(observed, assessed.run, now);
    case 'due': {
      const createdAt = now.toISOString();
      return running(observed, { ...assessed.run, createdAt, state: 'active', log: EMPTY_STATUS_LOG }, now);
    }
    case 'finished':
      return finished(observed, assessed.run, assessed.result, now);
    case 'vanished': {
      const { run, startedAt } = assessed;
      const message = 'The Job and its pod disappeared before the run could report.';
      const gone: ObservedRun = {
        ...run,
        createdAt: startedAt ?? now.toISOString(),
        state: 'gone',
        log: EMPTY_STATUS_LOG,
      };
      return finished(observed, gone, { kind: 'lost', reason: 'RunLost', message, at: now }, now);
    }
    case 'superseded': {
      const message = 'The pod had not started; it is replaced because the inputs of the run changed.';
      const { run: _, ...rest } = before;
      return overall(
        { ...observed, resource: { ...observed.resource, status: rest } },
        now,
        'Running',
        message,
        'Reconciling',
      );
    }
    case 'invalid':
      return overall(observed, now, assessed.reason, assessed.message, 'Stalled');
    case 'suspended':
      return overall(observed, now, 'Suspended', 'A run is pending until spec.suspend is false.');
    case 'waiting':
      return before.run?.retryAt !== undefined && assessed.reason === before.failure?.reason
        ? kept(observed, now)
        : overall(observed, now, assessed.reason, assessed.message, 'Reconciling');
    case 'upToDate':
      return upToDate(observed, now);
    case 'stalled':
      return stalled(observed, assessed, now);
  }
}

const EMPTY_STATUS_LOG = { steps: [], tail: [], complete: false };

function running(observed: Observed, run: ObservedRun, now: Date): DatabaseMigrationStatus {
  const { resource } = observed;
  const job = jobOf(observed, run);
  const before = resource.status ?? {};
  const { log } = run;
  const trouble = podFailureReason(run, resource.spec.backup.volume?.storageClassName);
  const at = stepText(log.step, log.progress);
  const reason = trouble?.reason ?? 'Running';
  const message = trouble?.message ?? `Attempt ${run.attempt} is in progress: ${at}.`;
  const verdicts: ConditionDraft[] = [
    ...conditionsFromSteps(log.steps, { running: true }),
    { type: 'Ready', status: 'False', reason, message },
    { type: 'Reconciling', status: 'True', reason, message },
  ];
  const known = before.run?.id === run.id ? before.run.startedAt : undefined;
  return {
    ...before,
    observedGeneration: run.generation,
    pending: pendingOf(log) ?? before.pending,
    conditions: settleConditions(verdicts, before.conditions, run.generation, now),
    summary: clip(trouble === undefined ? `Running: ${at}` : trouble.reason, LIMITS.summary),
    run: {
      id: run.id,
      ...(job === undefined ? {} : { job }),
      attempt: run.attempt,
      inputs: run.inputs,
      ...(run.references === undefined ? {} : { references: run.references }),
      ...(log.step === undefined ? {} : { step: log.step }),
      ...(log.progress === undefined ? {} : { progress: clip(stepText(log.step, log.progress), LIMITS.summary) }),
      startedAt: known ?? `${run.createdAt.slice(0, 19)}Z`,
    },
  };
}

/** The number of migrations left to apply, if the run has reported it. */
function pendingOf({ progress }: ObservedRun['log']): number | undefined {
  if (progress?.unit !== 'migrations' || progress.total === undefined) return undefined;
  const left = progress.step === 'apply' ? progress.total - progress.done : progress.total;
  return Number.isSafeInteger(left) && left >= 0 ? left : undefined;
}

/** The status at the end of a run, with the time of the next attempt. */
function finished(observed: Observed, run: ObservedRun, result: RunResult, now: Date): DatabaseMigrationStatus {
  const { resource } = observed;
  const report = result.kind === 'reported' ? result.report : lostReport(run, result, resource.status);
  const { spec } = resource;
  const again = report.result === 'failed' && report.retry === 'safe' && hasRetryLeft(spec, run.attempt);
  const facts: RunFacts = {
    job: jobOf(observed, run),
    inputs: run.inputs,
    references: run.references,
    generation: run.generation,
    retryAt: again ? retryAt(spec, run.attempt, dateOf(report.finishedAt, now), run.id) : undefined,
    retryLimit: spec.retry.limit,
    log: run.log.tail,
  };
  // The identity comes from the Job, so that a report cannot claim to be of another run.
  return statusFromReport(resource, { ...report, runId: run.id, attempt: run.attempt }, now, facts);
}

/** A sidecar runs in its own process: it has no Job, and the commands for a resource in a cluster do not help. */
function jobOf({ controller }: Observed, { job }: ObservedRun): string | undefined {
  return controller === 'sidecar' ? undefined : job;
}

/** The output of a pod is untrusted: an invalid or future time is replaced by the current time. */
function dateOf(text: string, now: Date): Date {
  const date = new Date(text);
  return date <= now ? date : now;
}

/** Changes only the fields that are not part of a run: Ready, Reconciling, Stalled and the summary. */
function overall(
  observed: Observed,
  now: Date,
  reason: Reason,
  message: string,
  and?: 'Reconciling' | 'Stalled',
): DatabaseMigrationStatus {
  const verdicts: ConditionDraft[] = [
    { type: 'Ready', status: 'False', reason, message },
    ...(and === undefined ? [] : [{ type: and, status: 'True', reason, message } as const]),
  ];
  return { ...withVerdicts(observed, verdicts, now), summary: reason };
}

function upToDate(observed: Observed, now: Date): DatabaseMigrationStatus {
  const before = observed.resource.status ?? {};
  const ready = before.conditions?.find(({ type }) => type === 'Ready');
  const ended = before.history?.find(({ run }) => run === before.run?.id);
  const reason = (ended?.reason ?? 'UpToDate') as Reason;
  const message =
    ready?.status === 'True' ? ready.message : `The database is at ${before.currentRevision ?? 'its target'}.`;
  const status = withVerdicts(observed, [{ type: 'Ready', status: 'True', reason, message }], now);
  return { ...status, ...(ready?.status === 'True' ? {} : { summary: reason }) };
}

function stalled(
  observed: Observed,
  { reason, limitReached }: { reason: Reason; limitReached: boolean },
  now: Date,
): DatabaseMigrationStatus {
  const before = observed.resource.status ?? {};
  const ready = before.conditions?.find(({ type }) => type === 'Ready');
  const message = ready?.reason === reason ? ready.message : (before.failure?.message ?? '');
  const { run } = before;
  const { retryAt: _, ...ended } = run ?? { id: '', attempt: 1 };
  const { resource } = observed;
  const settled = { ...observed, resource: { ...resource, status: { ...before, run: run && ended } } };
  if (reason === 'AwaitingApproval') return { ...overall(settled, now, reason, message) };
  const word = limitReached ? 'RetryLimitReached' : reason;
  const failed = before.failure?.message ?? message;
  const advice = observed.controller === 'sidecar' ? failed : whatToDo(resource, reason, failed, before.failure);
  const verdicts: ConditionDraft[] = [
    { type: 'Ready', status: 'False', reason, message },
    { type: 'Stalled', status: 'True', reason: word, message: advice },
  ];
  return { ...withVerdicts(settled, verdicts, now), summary: reason };
}

/** A retry is due later, and the status already shows it. */
function kept(observed: Observed, now: Date): DatabaseMigrationStatus {
  const above = (observed.resource.status?.conditions ?? []).filter(({ type }) => !isOfRun(type));
  return withVerdicts(observed, above as ConditionDraft[], now);
}

function withVerdicts({ resource }: Observed, verdicts: ConditionDraft[], now: Date): DatabaseMigrationStatus {
  const before = resource.status ?? {};
  const { generation } = resource.metadata;
  const ofRun: Condition[] = (before.conditions ?? []).filter(({ type }) => isOfRun(type));
  const conditions = [...ofRun, ...settleConditions(verdicts, before.conditions, generation, now)];
  return { ...before, observedGeneration: generation, conditions };
}
