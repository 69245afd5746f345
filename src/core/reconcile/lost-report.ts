import type { RunReport } from '../model/report.ts';
import type { DatabaseMigrationStatus } from '../model/resource.ts';
import { TOOL_VERSION } from '../model/version.ts';
import type { ObservedRun } from './observed.ts';
import type { RunResult } from './situation.ts';

/**
 * A report for a run that left none, with only the known facts. The run may be retried, because every run starts from
 * the migration history. The exception is a run that exceeded its time limit: it would do so again.
 */
export function lostReport(
  run: ObservedRun,
  { reason, message, at }: Extract<RunResult, { kind: 'lost' }>,
  before: DatabaseMigrationStatus | undefined,
): RunReport {
  const began = before?.run?.id === run.id ? before.run.startedAt : undefined;
  return {
    version: 1,
    runId: run.id,
    attempt: run.attempt,
    toolVersion: TOOL_VERSION,
    startedAt: began ?? run.createdAt,
    finishedAt: at.toISOString(),
    result: 'failed',
    reason,
    message,
    retry: reason === 'DeadlineExceeded' ? 'never' : 'safe',
    touched: run.log.step === 'apply' || run.log.steps.some(({ step }) => step === 'apply'),
    dryRun: false,
    steps: run.log.steps,
    applied: [],
    failure: { reason, message },
  };
}
