import { CommanderError } from 'commander';
import { ProblemError } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import type { Io } from '../io.ts';

/** The one place that turns errors into exit codes: 0 done, 1 failed, 2 usage, 3 pending or different, 4 blocked. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ProblemError) return REASONS[error.problem.reason].exit;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}

/** What happened, why, and what to do; a stack trace only where a bug of ours meets `-v`. */
export function printError(io: Io, error: unknown): void {
  if (error instanceof CommanderError) return; // commander has printed it
  if (error instanceof ProblemError) {
    const { reason, message, statement, position } = error.problem;
    io.err(`error: ${reason}: ${message}`);
    if (position !== undefined) io.err(`  at ${position.file}:${position.line}:${position.column}`);
    if (statement !== undefined) io.err(`  statement: ${statement}`);
    io.err(`  next: ${REASONS[reason].help}`);
    return;
  }
  const text = error instanceof Error ? error.message : String(error);
  io.err(`error: InternalError: ${text}`);
  if (io.verbose && error instanceof Error && error.stack !== undefined) io.err(error.stack);
  else io.err(`  next: ${REASONS.InternalError.help}`);
}
