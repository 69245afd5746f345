import { clip } from '../model/clip.ts';
import { adviceFor, CLUSTER_ADVICE } from '../model/cluster-advice.ts';
import { REASONS, type Reason } from '../model/reason.ts';
import type { DatabaseMigration, DatabaseMigrationStatus } from '../model/resource.ts';
import type { Assessed, EventRecord } from './situation.ts';
import { LIMITS } from './truncate.ts';

/**
 * The events for the change from the current status to the next one: transitions only. Each event has a key that is
 * derived from its subject, so that a controller that crashed after it emitted an event does not emit it again.
 */
export function eventsOf(assessed: Assessed, after: DatabaseMigrationStatus | undefined): EventRecord[] {
  const before = assessed.observed.resource.status;
  if (assessed.kind === 'deleting' && assessed.open.kind === 'none') return vanishedWhileDeleting(before);
  if (after === undefined) return [];
  const ended = after.run?.finishedAt !== undefined && before?.run?.finishedAt !== after.run.finishedAt;
  if (ended || (after.run?.finishedAt !== undefined && before?.run?.id !== after.run.id))
    return endOfRun(after, assessed.observed.resource);
  return [...startOfRun(assessed), ...change(assessed, before, after)];
}

function startOfRun(assessed: Assessed): EventRecord[] {
  // Also if the Job exists and the status does not name it: the controller crashed between the two writes.
  if (assessed.kind !== 'due' && assessed.kind !== 'running') return [];
  const { id, attempt, job } = assessed.run;
  if (assessed.observed.resource.status?.run?.id === id) return [];
  return [
    { type: 'Normal', reason: 'Running', message: `Attempt ${attempt} started: Job ${job}.`, key: `${id} start` },
  ];
}

function endOfRun(
  { run, conditions, backup, history, failure }: DatabaseMigrationStatus,
  { metadata }: DatabaseMigration,
): EventRecord[] {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  const stalled = conditions?.find(({ type }) => type === 'Stalled');
  const entry = history?.find((each) => each.run === run?.id);
  if (ready === undefined || run === undefined) return [];
  const statement =
    failure?.statement === undefined || /\bstatement: /i.test(ready.message)
      ? ''
      : ` Statement: ${clip(failure.statement, 300)}`;
  const reason = ready.reason as Reason;
  // The message of a dry run already includes that nothing was written.
  const saved =
    entry?.backup === undefined || backup === undefined || reason === 'DryRun' ? '' : ` Backup: ${backup.name}.`;
  const end: EventRecord = {
    type: run.result === 'succeeded' || reason === 'AwaitingApproval' ? 'Normal' : 'Warning',
    reason,
    // A command is the last, so that it can be copied.
    message: clip(
      /[.!?…]$/.test(ready.message)
        ? `${clip(ready.message, 700)}${statement}${saved}`
        : `${statement}${saved} ${clip(ready.message, 700)}`.trim(),
      LIMITS.event,
    ),
    key: `${run.id} end`,
  };
  if (stalled?.reason !== 'RetryLimitReached') return [end];
  const help = adviceFor(CLUSTER_ADVICE.RetryLimitReached ?? '', metadata);
  const message = `Attempt ${run.attempt} was the last. ${help}`;
  return [end, { type: 'Warning', reason: 'RetryLimitReached', message, key: `${run.id} limit` }];
}

/**
 * Ready has a new reason although no run has ended: the resource waits, is suspended or invalid, or its pod has a
 * problem.
 */
function change(
  assessed: Assessed,
  before: DatabaseMigrationStatus | undefined,
  after: DatabaseMigrationStatus,
): EventRecord[] {
  const now = after.conditions?.find(({ type }) => type === 'Ready');
  const then = before?.conditions?.find(({ type }) => type === 'Ready');
  if (now === undefined || now.reason === 'Running' || now.reason === then?.reason || now.status === 'True') return [];
  const reason = now.reason as Reason;
  const { resource, inputs } = assessed.observed;
  const about = `${resource.metadata.generation} ${inputs} ${after.run?.id ?? ''}`;
  const type = REASONS[reason].exit === 3 || reason === 'Suspended' ? 'Normal' : 'Warning';
  return [{ type, reason, message: clip(now.message, LIMITS.event), key: `${about} ${reason}` }];
}

function vanishedWhileDeleting(before: DatabaseMigrationStatus | undefined): EventRecord[] {
  const run = before?.run;
  if (run === undefined || run.finishedAt !== undefined) return [];
  const message = `The run ${run.id} disappeared before it could report, and its resource is being deleted. The migration history in the database shows what was applied.`;
  return [{ type: 'Warning', reason: 'RunLost', message, key: `${run.id} deleted` }];
}
