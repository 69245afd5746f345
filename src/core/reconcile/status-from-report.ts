import type { Failure, RunReport } from '../model/report.ts';
import type { DatabaseMigration, DatabaseMigrationStatus } from '../model/resource.ts';
import { HISTORY_LIMIT } from '../model/resource-status.ts';
import { capped, cappedSentences, clip, LIMITS } from './clip.ts';
import { conditionsFromSteps, secondsOf, settleConditions, type Verdict } from './conditions.ts';
import { whatToDo } from './what-to-do.ts';

/** What the controller knows of a finished run besides its report. */
export interface RunFacts {
  job?: string;
  inputs?: string;
  generation?: number;
  /** When it is tried again. */
  retryAt?: Date;
  /** How often it may be tried, for the message. */
  retryLimit?: number;
  /** The last lines of the pod, kept where it failed. */
  log?: readonly string[];
}

/**
 * The status of a resource whose run has ended with this report: the same in a cluster and for `db-manager run -f`.
 * Reads what stood before from `resource.status`; keeps what this run has nothing to say about.
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
    database: report.database ?? before.database,
    currentRevision: report.currentRevision ?? before.currentRevision,
    targetRevision: report.targetRevision ?? before.targetRevision,
    pending: report.pending ?? before.pending,
    plan: planOf(report) ?? before.plan,
    run: defined({
      id: report.runId,
      job: facts.job,
      attempt: report.attempt,
      inputs: facts.inputs,
      startedAt: whole(report.startedAt),
      finishedAt: whole(report.finishedAt),
      result: report.result,
      retry: succeeded ? undefined : report.retry,
      retryAt: facts.retryAt === undefined ? undefined : secondsOf(facts.retryAt),
    }),
    backup: report.backup === undefined ? before.backup : { ...report.backup, takenAt: whole(report.backup.takenAt) },
    safety: safetyOf(report),
    report: clip(report.whole, LIMITS.message),
    // A run that had nothing to do says nothing about how the last plan fared on the copy.
    rehearsal: rehearsalOf(report) ?? (nothingPlanned ? before.rehearsal : undefined),
    schema:
      report.schema &&
      defined({ before: cappedSentences(report.schema.before), after: cappedSentences(report.schema.after) }),
    failure: succeeded ? undefined : failureOf(report, facts),
    history: historyOf(before, report),
  });
}

/** kstatus: Ready always; Reconciling and Stalled only where they are true, so that their absence means no. */
function kstatusOf(resource: DatabaseMigration, report: RunReport, { retryAt, job }: RunFacts): Verdict[] {
  const { reason, message, result, attempt } = report;
  if (result === 'succeeded') return [{ type: 'Ready', status: 'True', reason, message }];
  const ready: Verdict = { type: 'Ready', status: 'False', reason, message };
  if (retryAt !== undefined) {
    const again = `attempt ${attempt + 1} at ${secondsOf(retryAt)}`;
    return [
      { ...ready, message: `${message} (${again})` },
      { type: 'Reconciling', status: 'True', reason, message: again },
    ];
  }
  // Waiting for a person's approval is no failure: tools that wait for Ready shall go on waiting.
  if (reason === 'AwaitingApproval') return [ready];
  const word = report.retry === 'safe' ? 'RetryLimitReached' : reason;
  // Outside a cluster there is nothing to annotate.
  const advice = job === undefined ? message : whatToDo(resource, reason, message);
  return [ready, { type: 'Stalled', status: 'True', reason: word, message: advice }];
}

function summaryOf({ reason, attempt, pending }: RunReport, { retryAt, retryLimit }: RunFacts): string {
  if (retryAt !== undefined) {
    return `${reason}: attempt ${attempt + 1}${retryLimit === undefined ? '' : ` of ${retryLimit + 1}`} follows`;
  }
  return reason === 'DryRun' && pending !== undefined ? `DryRun: ${pending} to run` : reason;
}

function planOf({ plan }: RunReport): DatabaseMigrationStatus['plan'] {
  if (plan === undefined) return undefined;
  return { digest: plan.digest, direction: plan.direction, ...capped('migrations', plan.migrations, plan.more) };
}

function safetyOf({ safety, findings: counts }: RunReport): DatabaseMigrationStatus['safety'] {
  if (safety === undefined) return undefined;
  const checks = capped('checks', safety.checks);
  const findings = capped('findings', safety.findings);
  const more = (checks.more ?? 0) + (findings.more ?? 0);
  return defined({
    result: safety.result,
    checks: checks.checks.map((check) => ({ ...check, message: clip(check.message, LIMITS.message) })),
    findings: findings.findings.map((finding) =>
      defined({
        ...finding,
        message: clip(finding.message, LIMITS.message),
        advice: clip(finding.advice, LIMITS.message),
        statement: clip(finding.statement, LIMITS.statement),
      }),
    ),
    counts,
    more: more > 0 ? more : undefined,
  });
}

function rehearsalOf({ rehearsal }: RunReport): DatabaseMigrationStatus['rehearsal'] {
  if (rehearsal === undefined) return undefined;
  const { result, message, seconds, roundTrip } = rehearsal;
  const effects = capped('migrations', rehearsal.migrations, rehearsal.more);
  const migrations = effects.migrations.map((each) => ({
    ...each,
    locks: capped('locks', each.locks).locks,
    rewrites: capped('rewrites', each.rewrites).rewrites,
    rows: capped('rows', each.rows).rows,
  }));
  return { ...effects, result, message: clip(message, LIMITS.message), seconds, roundTrip, migrations };
}

function failureOf(report: RunReport, { log }: RunFacts): DatabaseMigrationStatus['failure'] {
  const failure: Failure = report.failure ?? { reason: report.reason, message: report.message };
  const { reason, message, migration, statement, position, code } = failure;
  const lines = (log ?? []).slice(-LIMITS.logLines).map((line) => clip(line, LIMITS.logLine));
  return defined({
    reason,
    message: clip(message, LIMITS.message),
    migration,
    statement: clip(statement, LIMITS.statement),
    position,
    code,
    log: lines.length > 0 ? lines : undefined,
  });
}

/** Newest first; a run stands in it once. */
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

function whole(time: string): string {
  return secondsOf(new Date(time));
}

/** Without the keys that are undefined, so that what is written equals what is read back. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
