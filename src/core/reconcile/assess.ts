import { backoff } from '../model/backoff.ts';
import { clip } from '../model/clip.ts';
import type { Reason } from '../model/reason.ts';
import type { DatabaseMigrationStatus } from '../model/resource.ts';
import { joinSentences } from '../model/sentences.ts';
import { ACTION_ANNOTATIONS, runIdentity } from './inputs.ts';
import type { Observed, ObservedRun } from './observed.ts';
import { CORRECT_ANNOTATION, invalidRepair } from './request.ts';
import { hasRetryLeft } from './retry.ts';
import { runResult } from './run-result.ts';
import type { Assessed, OpenRun, Situation } from './situation.ts';
import { windowState } from './window.ts';

/** Delays before the creation of a refused Job is tried again, because no watch reports the cause. Milliseconds. */
const REFUSED_MS = { first: 5_000, most: 300_000 } as const;

/** The situation of a resource; the clock is an argument. See `Situation` for the order. */
export function assess(observed: Observed, now: Date): Assessed {
  return { ...situationOf(observed, now), observed, now };
}

function situationOf(observed: Observed, now: Date): Situation {
  const { resource } = observed;
  const open = unrecordedRun(observed);
  if (resource.metadata.deletionTimestamp !== undefined) {
    return { kind: 'deleting', open: openRunOf(open, now) };
  }
  return (
    activeRun(observed, open, now) ?? invalidSpec(observed, now) ?? settledOutcome(observed) ?? blockers(observed, now)
  );
}

function openRunOf(run: ObservedRun | undefined, now: Date): OpenRun {
  if (run === undefined) return { kind: 'none' };
  const result = runResult(run, now);
  if (result !== undefined) return { kind: 'ended', run, result };
  return hasBegun(run) ? { kind: 'begun', run } : { kind: 'notBegun', run };
}

/** The run whose end is not recorded yet. */
function unrecordedRun({ resource: { status }, run }: Observed): ObservedRun | undefined {
  if (run === undefined) return undefined;
  const recorded =
    (status?.run?.id === run.id && status.run.finishedAt !== undefined) ||
    status?.history?.some(({ run: id }) => id === run.id) === true;
  return recorded ? undefined : run;
}

function activeRun(observed: Observed, open: ObservedRun | undefined, now: Date): Situation | undefined {
  if (open !== undefined) {
    if (observed.withdrawn === open.id && didNothing(open)) return { kind: 'superseded', run: open };
    const result = runResult(open, now);
    if (result !== undefined) return { kind: 'finished', run: open, result };
    const replaced = open.inputs !== observed.inputs && !hasBegun(open);
    return replaced ? { kind: 'superseded', run: open } : { kind: 'running', run: open };
  }
  const last = observed.resource.status?.run;
  if (last === undefined || last.finishedAt !== undefined) return undefined;
  const { id, job = id, attempt, inputs = '', references, startedAt } = last;
  const generation = observed.resource.status?.observedGeneration ?? 0;
  return { kind: 'vanished', run: { id, job, attempt, inputs, generation, references }, startedAt };
}

/** Problems that only a change of the spec can fix. */
function invalidSpec(observed: Observed, now: Date): Situation | undefined {
  const { controller, resource, unreadable, unsupported, disallowed, dependencies } = observed;
  const { spec } = resource;
  if (unreadable !== undefined) return { kind: 'invalid', reason: 'InvalidConfiguration', message: unreadable };
  const annotation = invalidRepair(resource);
  if (annotation !== undefined) {
    const message = `${annotation} ${repairAdvice(observed)}`;
    return { kind: 'invalid', reason: 'InvalidConfiguration', message };
  }
  if (spec.execution === 'Sidecar' && controller === 'operator') return { kind: 'unmanaged' };
  if (unsupported !== undefined) return { kind: 'invalid', reason: 'InvalidConfiguration', message: unsupported };
  if (disallowed !== undefined) return { kind: 'invalid', reason: 'NotAllowed', message: disallowed };
  const window = spec.window === undefined ? undefined : windowState(spec.window, now);
  if (window?.kind === 'invalid') return { kind: 'invalid', reason: 'InvalidConfiguration', message: window.message };
  for (const { state } of dependencies) {
    if (state.kind === 'cycle') {
      const message = `dependsOn contains a cycle: ${state.path.join(' -> ')}. Remove one of these entries.`;
      return { kind: 'invalid', reason: 'DependencyCycle', message };
    }
  }
  return undefined;
}

function repairAdvice({ controller, resource }: Observed): string {
  if (controller === 'sidecar') return CORRECT_ANNOTATION;
  const { name, namespace } = resource.metadata;
  const remove = `kubectl annotate dbm ${name} -n ${namespace} ${ACTION_ANNOTATIONS.repair}-`;
  return `Run the command in the message of the last failure, or remove the annotation: ${remove}`;
}

/** The last run had these inputs, and no other run has to follow. */
function settledOutcome({ resource: { spec, status }, inputs, references }: Observed): Situation | undefined {
  const last = status?.run;
  if (last?.inputs !== inputs || last.result === undefined) return undefined;
  if (last.result === 'succeeded') return { kind: 'upToDate' };
  const reason = reasonOf(status) ?? 'InternalError';
  if (last.retry !== 'safe') return { kind: 'stalled', reason, limitReached: false };
  if (hasRetryLeft(spec, last.attempt)) return undefined;
  // A person may have fixed the cause: an object that the run used has changed.
  const fixed = references !== undefined && last.references !== undefined && references !== last.references;
  return fixed ? undefined : { kind: 'stalled', reason, limitReached: true };
}

/** Reason of the last run. A run that waits for approval has not failed: its reason is only in the history. */
function reasonOf(status: DatabaseMigrationStatus | undefined): Reason | undefined {
  const recorded = status?.history?.find(({ run }) => run === status.run?.id)?.reason;
  return status?.failure?.reason ?? (recorded as Reason | undefined);
}

/** A run is due: what it waits for, or that it may start. */
function blockers(observed: Observed, now: Date): Situation {
  const { resource, inputs } = observed;
  const { spec, status } = resource;
  if (spec.suspend) return { kind: 'suspended' };
  const last = status?.run?.inputs === inputs ? status.run : undefined;
  const retry = last?.retryAt === undefined ? undefined : new Date(last.retryAt);
  if (retry !== undefined && retry > now) {
    const reason = status?.failure?.reason ?? 'RunLost';
    return { kind: 'waiting', reason, message: status?.failure?.message ?? '', until: retry };
  }
  return waitingFor(observed, now) ?? { kind: 'due', run: runIdentity(resource, inputs, (last?.attempt ?? 0) + 1) };
}

function waitingFor(observed: Observed, now: Date): Situation | undefined {
  const { resource, missingSources, dependencies, refusal, databaseInUseBy, slot } = observed;
  if (missingSources.length > 0) {
    const names = missingSources.map((name) => `"${name}"`).join(', ');
    const message = `${missingSources.length === 1 ? 'The ConfigMap' : 'The ConfigMaps'} ${names} ${missingSources.length === 1 ? 'does' : 'do'} not exist in the namespace ${resource.metadata.namespace}. Create ${missingSources.length === 1 ? 'it' : 'them'}; the run then starts automatically.`;
    return { kind: 'waiting', reason: 'ReferenceNotFound', message };
  }
  const unmet = dependencies.flatMap(({ name, state }) => {
    if (state.kind === 'ready' || state.kind === 'cycle') return [];
    return [
      `The DatabaseMigration ${name} must be Ready first: ${state.kind === 'missing' ? 'it does not exist' : clip(state.message, 300)}`,
    ];
  });
  if (unmet.length > 0) return { kind: 'waiting', reason: 'WaitingForDependency', message: joinSentences(...unmet) };
  if (observed.blockingDrift !== undefined)
    return { kind: 'waiting', reason: 'SchemaDrift', message: observed.blockingDrift };
  const { window } = resource.spec;
  const state = window === undefined ? undefined : windowState(window, now);
  if (state?.kind === 'closed') return outsideWindow(state.opens);
  if (refusal?.permanent === true) {
    const { name, namespace } = resource.metadata;
    const message = `The API server rejected an object that the run needs: ${refusal.message}. Correct the spec: kubectl edit dbm ${name} -n ${namespace}`;
    return { kind: 'invalid', reason: refusal.reason, message };
  }
  if (refusal !== undefined) {
    const wait = backoff(refusal.count, REFUSED_MS);
    const until = new Date(refusal.at.getTime() + wait);
    if (until > now) return { kind: 'waiting', reason: refusal.reason, message: refusal.message, until };
  }
  if (databaseInUseBy !== undefined) {
    return { kind: 'waiting', reason: 'DatabaseInUse', message: inUse(databaseInUseBy) };
  }
  return slot.kind === 'free' ? undefined : { kind: 'waiting', reason: 'Queued', message: QUEUED[slot.by] };
}

export const QUEUED = {
  all: 'The limit --max-concurrent-runs of the operator is reached; this run starts when another run ends.',
  namespace:
    'The limit --max-concurrent-runs-per-namespace of the operator is reached; this run starts when another run of this namespace ends.',
  turn: 'The next free slot goes to a namespace with fewer runs in progress; this run starts after that.',
} as const;

export function inUse(by: NonNullable<Observed['databaseInUseBy']>): string {
  if (by !== 'otherNamespace' && by.kind !== undefined) {
    return `The ${by.kind} ${by.name} is working on this database; this run starts when it ends.`;
  }
  const who = by === 'otherNamespace' ? 'A DatabaseMigration in another namespace' : `The DatabaseMigration ${by.name}`;
  return `${who} is already migrating this database; this run starts when that run ends.`;
}

function outsideWindow(opens: Date | undefined): Situation {
  const message =
    opens === undefined
      ? 'The maintenance window never opens: no day matches spec.window.cron.'
      : `The maintenance window opens at ${opens.toISOString()}.`;
  return { kind: 'waiting', reason: 'OutsideWindow', message, ...(opens === undefined ? {} : { until: opens }) };
}

/**
 * A pod can start in the moment in which its Job is deleted. It is stopped before it changes anything, as a rule, and is
 * then no failed run.
 */
function didNothing({ log: { report, step, steps } }: ObservedRun): boolean {
  if (report !== undefined) return report.reason === 'Interrupted' && !report.touched;
  return step !== 'apply' && !steps.some((each) => each.step === 'apply' && each.kind !== 'skipped');
}

/** The container of the runner has started, so the database may have been changed. */
function hasBegun({ pod, log }: ObservedRun): boolean {
  return pod?.started === true || log.steps.length > 0 || log.step !== undefined;
}
