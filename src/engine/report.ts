import type { MigrationEffects } from '../core/model/effects.ts';
import type { Finding } from '../core/model/finding.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Progress, RunEvent, RunReport, StepReport } from '../core/model/report.ts';
import type { CommonRequest, RunRequest } from '../core/model/request.ts';
import { isRepeatable } from '../core/model/revision.ts';
import type { KeptReport } from '../core/model/run-details.ts';
import { joinSentences } from '../core/model/sentences.ts';
import type { StepName, StepResult } from '../core/model/step.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { sortFiles } from '../core/planning/order.ts';
import type { Stop } from '../engine/failure.ts';
import type { FlowOutcome } from '../engine/flow.ts';
import { keepReport } from '../engine/keep-report.ts';
import { maskedTexts } from '../engine/masked.ts';
import type { RunEnvironment } from '../engine/ports.ts';
import { detailsOf, detailsOfSources } from './details.ts';
import { redactKeptReport } from './redact-report.ts';
import { count, few } from './run-text.ts';
import { needsAttention } from './safety.ts';
import type { Rehearsed, RunState, SentTexts } from './state.ts';
import { boundReport } from './termination.ts';

/** The parts of the state of a run that the report uses. */
export type ReportState = Pick<RunState, 'plan' | 'done' | 'current'> &
  Partial<
    Pick<RunState, 'ahead' | 'files' | 'database' | 'backup' | 'rehearsal' | 'checks' | 'findings' | 'before' | 'after'>
  > & {
    /** The last lines of a command. */
    output?: readonly string[];
  } & Pick<SentTexts & Rehearsed, 'sources' | 'schemas'>;

/** Collects the results of a run and turns them into events and, at the end, into the report. */
export function recorder(
  request: CommonRequest,
  { now, mask, ...environment }: Pick<RunEnvironment, 'now' | 'emit' | 'mask'>,
) {
  const emit = (event: RunEvent) => environment.emit(maskedTexts(event, mask));
  const { runId } = request;
  const startedAt = now().toISOString();
  const steps: StepReport[] = [];
  const leftOvers: string[] = [];
  let began = performance.now();
  let lastProgress = 0;

  return {
    onStart(step: StepName): void {
      began = performance.now();
      lastProgress = 0;
      emit({ type: 'started', runId, step, at: now().toISOString() });
    },
    onEnd(step: StepName, result: StepResult<object>): void {
      const report: StepReport = {
        step,
        kind: result.kind,
        ...('reason' in result ? { reason: result.reason } : {}),
        message: result.message,
        at: now().toISOString(),
        seconds: round((performance.now() - began) / 1000),
      };
      steps.push(report);
      emit({ type: 'step', runId, report });
    },
    progress(progress: Progress): void {
      // A few events per second are enough for a person and for a log that an operator follows. The last one is always
      // sent.
      const at = performance.now();
      if (at - lastProgress < 200 && progress.done !== progress.total) return;
      lastProgress = at;
      emit({ type: 'progress', runId, progress } satisfies RunEvent);
    },
    leftOver(what: string, message: string): void {
      leftOvers.push(`${what} could not be cleaned up: ${message}`);
    },
    /** The report as it is before the cleanup. */
    compose(outcome: FlowOutcome<ReportState>): RunReport {
      return {
        version: 1,
        runId,
        attempt: request.attempt,
        toolVersion: TOOL_VERSION,
        startedAt,
        finishedAt: now().toISOString(),
        ...verdict(request, outcome, steps),
        dryRun: request.dryRun,
        steps,
        ...facts(
          request,
          outcome,
          steps.some(({ step, kind }) => step === 'recover' && kind === 'done'),
        ),
      };
    },
    async finish(outcome: FlowOutcome<ReportState>, composed: RunReport): Promise<RunReport> {
      const report = { ...composed };
      if (leftOvers.length > 0) report.message = `${report.message} (${leftOvers.join('; ')})`;
      const masked = maskedTexts(report, mask);
      const details =
        request.report === undefined
          ? undefined
          : 'migrations' in request
            ? await detailsOf(request as RunRequest, outcome.state)
            : detailsOfSources(outcome.state);
      const kept: KeptReport = { ...masked, ...(details === undefined ? {} : { details: maskedTexts(details, mask) }) };
      const shown = hidesLiterals(request) ? redactKeptReport(kept) : kept;
      const { problem, ...paths } = await keepReport(outcome.state.backup, shown, request);
      const complete = { ...masked, ...paths };
      if (problem !== undefined) complete.message = joinSentences(complete.message, `The report ${problem}`);
      environment.emit({ type: 'report', report: boundReport(complete) });
      return complete;
    },
  };
}

/** The report of an encrypted backup is not encrypted, so it has no values either. */
function hidesLiterals({ report, backup }: CommonRequest): boolean {
  return report?.redactLiterals === true || (backup.recipients ?? []).length > 0;
}

/** The report of a run that could not start: no connection was opened and nothing was changed. */
export function reportOfProblem(
  problem: Problem,
  request: Pick<CommonRequest, 'runId' | 'attempt' | 'dryRun'> | undefined,
  now: Date,
): RunReport {
  const { reason, message } = problem;
  return {
    version: 1,
    runId: request?.runId ?? 'unknown',
    attempt: request?.attempt ?? 1,
    toolVersion: TOOL_VERSION,
    startedAt: now.toISOString(),
    finishedAt: now.toISOString(),
    result: 'failed',
    reason,
    message,
    retry: 'never',
    touched: false,
    dryRun: request?.dryRun ?? false,
    steps: [],
    applied: [],
    failure: { reason, message },
  };
}

type Verdict = Pick<RunReport, 'result' | 'reason' | 'message' | 'retry' | 'touched' | 'failure'>;

function verdict(request: CommonRequest, outcome: FlowOutcome<ReportState>, steps: StepReport[]): Verdict {
  if (outcome.kind === 'stopped') return stopVerdict(outcome.result, outcome.state, steps);
  const { plan, done, current, ahead = [], files = [] } = outcome.state;
  const base = { result: 'succeeded', retry: 'never', touched: done.length > 0 } as const;
  if (plan.migrations.length === 0 && ahead.length > 0) return { ...base, ...aheadOfFiles(current, ahead, files) };
  if (plan.migrations.length === 0) {
    return { ...base, reason: 'UpToDate', message: `Nothing is pending; the database is at ${current}.` };
  }
  if (request.dryRun) {
    const planned = count(plan.migrations.length, 'migration');
    const verb = plan.direction === 'up' ? 'applied' : 'reverted';
    return {
      ...base,
      reason: 'DryRun',
      message: `Dry run: ${planned} would be ${verb}${plan.to === 'unknown' ? '' : `, to reach ${plan.to}`}. No changes were made.`,
    };
  }
  const finished = count(done.length, 'migration');
  // The history of a command whose tool is not known cannot be read.
  const at = current === 'unknown' ? '' : `; the database is at ${current}`;
  return plan.direction === 'up'
    ? { ...base, reason: 'Migrated', message: `${finished} applied${at}.` }
    : { ...base, reason: 'Reverted', message: `${finished} reverted${at}.` };
}

/** The images of an older version run on a newer database. */
function aheadOfFiles(current: string, ahead: readonly string[], files: readonly MigrationFile[]) {
  const last = sortFiles(files).at(-1)?.revision ?? 'base';
  const one = ahead.length === 1;
  const message = `The database is at ${current} and the files end with ${last}. ${few(ahead)} ${one ? 'is' : 'are'} applied and not in the files; older code can run with ${one ? 'it' : 'them'}, so nothing was run.`;
  return { reason: 'AheadOfFiles' as const, message };
}

function stopVerdict(stop: Stop, state: Partial<ReportState>, steps: StepReport[]): Verdict {
  const { reason, message, migration, statement, position, code } = stop;
  const touched = stop.kind === 'failed' && stop.touched;
  const recovery = steps.find(({ step }) => step === 'recover');
  const kept = state.done?.length ?? 0;
  const story = [
    message,
    ...(touched && kept > 0 && recovery?.kind === 'skipped'
      ? [`${count(kept, 'migration')} before it ${kept === 1 ? 'stays' : 'stay'} applied.`]
      : []),
    ...(recovery !== undefined && recovery.kind !== 'skipped' ? [recovery.message] : []),
  ];
  return {
    result: stop.kind === 'blocked' ? 'blocked' : 'failed',
    reason,
    message: joinSentences(...story),
    retry: stop.kind === 'failed' ? stop.retry : 'never',
    touched,
    failure: { reason, message, migration, statement, position, code },
  };
}

type Facts = Partial<RunReport> & Pick<RunReport, 'applied'>;

function facts(request: CommonRequest, outcome: FlowOutcome<ReportState>, recovered: boolean): Facts {
  const state: Partial<ReportState> = outcome.state;
  const { plan, backup, rehearsal, checks, findings } = state;
  const done = recovered ? [] : (state.done ?? []);
  const planned = plan?.migrations.map(({ revision }) => revision as string) ?? [];
  const failedRehearsal = outcome.kind === 'stopped' && outcome.step === 'rehearse';
  return {
    database: state.database?.identity.display,
    currentRevision: recovered ? plan?.from : currentRevision(state),
    targetRevision: plan?.to,
    pending: plan === undefined ? undefined : planned.length - done.length,
    plan: plan === undefined ? undefined : { digest: plan.digest, direction: plan.direction, migrations: planned },
    applied: done.map(({ revision, seconds }) => ({ revision, seconds: round(seconds) })),
    backup:
      backup === undefined
        ? undefined
        : {
            name: backup.manifest.name,
            path: backup.path,
            sizeBytes: backup.manifest.sizeBytes,
            sha256: backup.manifest.sha256,
            takenAt: backup.manifest.takenAt,
            verifiedBy: rehearsal?.mode === 'Full' ? 'Rehearsal' : 'Checksum',
          },
    safety:
      checks === undefined || findings === undefined
        ? undefined
        : { result: safetyResult(request, outcome, findings), checks, findings },
    rehearsal:
      rehearsal === undefined
        ? undefined
        : {
            result: failedRehearsal ? 'Failed' : rehearsal.mode,
            message: rehearsal.message,
            seconds: round(rehearsal.seconds),
            roundTrip: rehearsal.roundTrip,
            migrations: rehearsal.migrations.filter(isWorthSaying),
          },
    output: state.output === undefined ? undefined : [...state.output],
    schema:
      state.before === undefined && state.after === undefined
        ? undefined
        : { before: state.before, after: state.after },
  };
}

/** A migration without locks, rewrites and changed rows is not listed. */
function isWorthSaying({ locks, rewrites, rows }: MigrationEffects): boolean {
  return locks.length > 0 || rewrites.length > 0 || rows.length > 0;
}

/** The current revision of the database: that of the last completed migration, otherwise the one read last. */
function currentRevision({ plan, done = [], current }: Partial<ReportState>): string | undefined {
  if (plan === undefined || done.length === 0) return current;
  if (plan.direction === 'up') return done.findLast(({ revision }) => !isRepeatable(revision))?.revision ?? current;
  return done.length === plan.migrations.length ? plan.to : plan.migrations[done.length]?.revision;
}

function safetyResult(request: CommonRequest, outcome: FlowOutcome<ReportState>, findings: readonly Finding[]) {
  if (outcome.kind === 'stopped' && outcome.step === 'check') return 'Blocked';
  if (request.safety.mode === 'Disabled') return 'Disabled';
  // What waits for a person because of an error is not let through with a warning.
  const waits = outcome.kind === 'stopped' && outcome.step === 'approve';
  if (waits && findings.some(({ severity }) => severity === 'error')) return 'Blocked';
  return findings.some(needsAttention) ? 'Warned' : 'Passed';
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;
