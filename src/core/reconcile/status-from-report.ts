import { clip } from '../model/clip.ts';
import type { Problem } from '../model/problem.ts';
import type { RunReport } from '../model/report.ts';
import type { DatabaseMigration, DatabaseMigrationStatus } from '../model/resource.ts';
import { HISTORY_LIMIT } from '../model/resource-status.ts';
import { type ConditionDraft, conditionsFromSteps, secondsOf, settleConditions } from './conditions.ts';
import { effectText } from './effect-text.ts';
import { safetyStatus } from './safety-status.ts';
import { happenedAt, whatToDo } from './stalled-message.ts';
import { cappedSentences, LIMITS, limited } from './truncate.ts';

/** How many migrations of a rehearsal a status describes. */
const EFFECTS = 5;
/** How many migrations of a plan that is done a status lists. */
const DONE = 3;

/** What the controller knows about a finished run in addition to its report. */
export interface RunFacts {
  job?: string;
  inputs?: string;
  /** Digest of the versions of what the run referenced. */
  references?: string;
  generation?: number;
  /** When the run is retried. */
  retryAt?: Date;
  /** The maximum number of retries, for the message. */
  retryLimit?: number;
  /** The last lines of the pod, kept if the run failed. */
  log?: readonly string[];
}

/**
 * The status of a resource whose run has ended with this report: the same in a cluster and for `db-manager run -f`.
 * Reads the previous status from `resource.status` and keeps the fields that this run does not report.
 */
export function statusFromReport(
  resource: DatabaseMigration,
  report: RunReport,
  now: Date,
  facts: RunFacts = {},
): DatabaseMigrationStatus {
  const before = resource.status ?? {};
  const generation = facts.generation ?? resource.metadata.generation;
  const succeeded = report.result === 'succeeded';
  const nothingPlanned = report.plan?.migrations.length === 0 && report.plan.more === undefined;
  const verdicts = [
    ...conditionsFromSteps(report.steps, { running: false, nothingPlanned }),
    ...kstatusOf(resource, report, facts),
  ];
  return defined({
    observedGeneration: generation,
    conditions: settleConditions(verdicts, before.conditions, generation, now),
    summary: clip(summaryOf(report, facts), LIMITS.summary),
    database: clip(report.database, LIMITS.name) ?? before.database,
    currentRevision: clip(report.currentRevision, LIMITS.name) ?? before.currentRevision,
    targetRevision: clip(report.targetRevision, LIMITS.name) ?? before.targetRevision,
    pending: report.pending ?? before.pending,
    plan: planOf(report) ?? before.plan,
    run: defined({
      id: report.runId,
      job: facts.job,
      attempt: report.attempt,
      inputs: facts.inputs,
      references: facts.references,
      startedAt: whole(report.startedAt),
      finishedAt: whole(report.finishedAt),
      result: report.result,
      retry: succeeded ? undefined : report.retry,
      retryAt: facts.retryAt === undefined ? undefined : secondsOf(facts.retryAt),
    }),
    backup: report.backup === undefined ? before.backup : backupOf(report.backup),
    safety: safetyStatus(report),
    report: clip(report.whole, LIMITS.message),
    reportPage: clip(report.page, LIMITS.message),
    // A run with an empty plan has no rehearsal, so the result of the last rehearsal is kept.
    rehearsal: rehearsalOf(report) ?? (nothingPlanned ? before.rehearsal : undefined),
    schema: schemaOf(report),
    failure: succeeded || isWaiting(report) ? undefined : failureOf(report, facts),
    history: historyOf(before, report),
  });
}

/** kstatus: Ready is always present; Reconciling and Stalled only if true, because their absence means false. */
function kstatusOf(resource: DatabaseMigration, report: RunReport, { retryAt, job }: RunFacts): ConditionDraft[] {
  const { reason, message, result, attempt } = report;
  if (result === 'succeeded') return [{ type: 'Ready', status: 'True', reason, message }];
  const text = job === undefined ? message : happenedAt(message, report.failure, LIMITS.message - 400);
  const ready: ConditionDraft = { type: 'Ready', status: 'False', reason, message: text };
  if (retryAt !== undefined) {
    const again = `attempt ${attempt + 1} at ${secondsOf(retryAt)}`;
    return [
      { ...ready, message: `${text} (${again})` },
      { type: 'Reconciling', status: 'True', reason, message: again },
    ];
  }
  // Waiting for an approval is not a failure: tools that wait for Ready must keep waiting.
  if (isWaiting(report)) return [ready];
  const word = report.retry === 'safe' ? 'RetryLimitReached' : reason;
  // Outside a cluster there is nothing to annotate.
  const advice = job === undefined ? message : whatToDo(resource, reason, message, report.failure);
  return [ready, { type: 'Stalled', status: 'True', reason: word, message: advice }];
}

/** Waiting for a person's approval is not a failure: tools that wait for Ready must continue to wait. */
function isWaiting({ reason }: RunReport): boolean {
  return reason === 'AwaitingApproval';
}

function summaryOf({ reason, attempt, pending }: RunReport, { retryAt, retryLimit }: RunFacts): string {
  if (retryAt !== undefined) {
    return `${reason}: attempt ${attempt + 1}${retryLimit === undefined ? '' : ` of ${retryLimit + 1}`} follows`;
  }
  return reason === 'DryRun' && pending !== undefined ? `DryRun: ${pending} to run` : reason;
}

function backupOf(backup: NonNullable<RunReport['backup']>): DatabaseMigrationStatus['backup'] {
  const sizeBytes = Math.min(Math.max(0, Math.trunc(backup.sizeBytes)), Number.MAX_SAFE_INTEGER);
  const { name, path, sha256, takenAt, verifiedBy } = backup;
  return {
    name: clip(name, LIMITS.name),
    path: clip(path, LIMITS.message),
    sizeBytes,
    sha256: clip(sha256, LIMITS.name),
    takenAt: whole(takenAt),
    verifiedBy,
  };
}

/** Every migration while the plan may have to be reviewed; a few once it is done. */
function planOf({ plan, result }: RunReport): DatabaseMigrationStatus['plan'] {
  if (plan === undefined) return undefined;
  const names = plan.migrations.slice(0, result === 'succeeded' ? DONE : undefined);
  return {
    digest: plan.digest,
    direction: plan.direction,
    ...limited(
      'migrations',
      names.map((name) => clip(name, LIMITS.name)),
      (plan.more ?? 0) + plan.migrations.length - names.length,
    ),
  };
}

/** The slowest migrations, in the order of the plan; the whole report has all. */
function rehearsalOf({ rehearsal }: RunReport): DatabaseMigrationStatus['rehearsal'] {
  if (rehearsal === undefined) return undefined;
  const { result, message, seconds, roundTrip, migrations, more = 0 } = rehearsal;
  const slowest = new Set([...migrations].sort((one, other) => other.seconds - one.seconds).slice(0, EFFECTS));
  const left = migrations.length - slowest.size + more;
  return defined({
    result,
    // The condition Rehearsed has the rest.
    message: result === 'Full' ? undefined : clip(message, LIMITS.message),
    seconds: rounded(seconds),
    roundTrip,
    migrations: migrations.filter((each) => slowest.has(each)).map((each) => clip(effectText(each), LIMITS.message)),
    more: left > 0 ? left : undefined,
  });
}

function failureOf(report: RunReport, { log }: RunFacts): DatabaseMigrationStatus['failure'] {
  const failure: Problem = report.failure ?? { reason: report.reason, message: report.message };
  const { reason, message, migration, statement, position, code } = failure;
  const lines = (log ?? []).slice(-LIMITS.logLines).map((line) => clip(line, LIMITS.logLine));
  return defined({
    reason,
    message: clip(message, LIMITS.message),
    migration: clip(migration, LIMITS.name),
    statement: clip(statement, LIMITS.statement),
    position,
    code,
    log: lines.length > 0 ? lines : undefined,
  });
}

/** Only what differs: a status without differences has no lists. */
function schemaOf({ schema }: RunReport): DatabaseMigrationStatus['schema'] {
  const before = schema?.before?.length ? cappedSentences(schema.before) : undefined;
  const after = schema?.after?.length ? cappedSentences(schema.after) : undefined;
  return before === undefined && after === undefined ? undefined : defined({ before, after });
}

/** Newest first; each run is listed once. */
function historyOf(before: DatabaseMigrationStatus, report: RunReport): DatabaseMigrationStatus['history'] {
  const entry = defined({
    run: report.runId,
    from: before.history?.find(({ run }) => run === report.runId)?.from ?? before.currentRevision,
    to: report.currentRevision,
    result: report.result,
    reason: report.reason,
    startedAt: whole(report.startedAt),
    finishedAt: whole(report.finishedAt),
    backup: report.backup?.name,
  });
  return [entry, ...(before.history ?? []).filter(({ run }) => run !== report.runId)].slice(0, HISTORY_LIMIT);
}

/** For a person: hundredths of a second. */
function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

function whole(time: string): string {
  const date = new Date(time);
  // The output of a pod is untrusted, and an invalid time is not allowed in a status.
  return secondsOf(Number.isNaN(date.getTime()) ? new Date(0) : date);
}

/** Without the keys that are undefined, so that what is written equals what is read back. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
