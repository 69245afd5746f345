import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { ProblemError, type SourcePosition } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import { renderExcerpt } from '../../migrations/excerpt.ts';
import type { Io } from '../io.ts';
import { renderExcerptOf } from './excerpt.ts';

/** The one place that turns errors into exit codes: 0 done, 1 failed, 2 usage, 3 pending or different, 4 blocked. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ProblemError) return REASONS[error.problem.reason].exit;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}

/** An error that a command throws after a request to stop is not an internal error. */
export function interruptedOr(signal: AbortSignal, error: unknown): unknown {
  if (!signal.aborted || error instanceof ProblemError || error instanceof CommanderError) return error;
  const by = signal.reason instanceof Error ? signal.reason.message : 'a signal';
  return new ProblemError(
    {
      reason: 'Interrupted',
      message: `${by} stopped the command. Unfinished work was rolled back. Run the command again to continue.`,
    },
    { cause: error },
  );
}

/**
 * What happened, why, and what to do. A stack trace only for an internal error with `-v`. With `--json` the one document
 * on standard output is `{ "error": { reason, message, … } }`.
 */
export async function printError(io: Io, error: unknown): Promise<void> {
  if (error instanceof CommanderError) return; // commander has printed it
  if (io.json) {
    const problem =
      error instanceof ProblemError ? error.problem : { reason: 'InternalError' as const, message: textOf(error) };
    io.out(JSON.stringify({ error: { ...problem, help: REASONS[problem.reason].help } }, null, 2));
    return;
  }
  if (error instanceof ProblemError) {
    const { reason, message, migration, statement, position } = error.problem;
    io.err(`error: ${reason}: ${message}`);
    if (position !== undefined) io.err(`  at ${position.file}:${position.line}:${position.column}`);
    else if (migration !== undefined) io.err(`  in ${migration}`);
    const excerpt = position === undefined ? '' : await excerptOf(io, position);
    if (excerpt !== '') io.err(indent(excerpt));
    // For SQL the excerpt is the statement.
    if (statement !== undefined && !(excerpt !== '' && position?.file.toLowerCase().endsWith('.sql')))
      io.err(renderExcerptOf(statement));
    io.err(`  next: ${REASONS[reason].help}`);
    return;
  }
  io.err(`error: InternalError: ${textOf(error)}`);
  if (io.verbose && error instanceof Error && error.stack !== undefined) io.err(error.stack);
  else io.err(`  next: ${REASONS.InternalError.help}`);
}

/** The line of the error with a caret, if the file can be read. */
async function excerptOf(io: Io, position: SourcePosition): Promise<string> {
  try {
    const folder = (await io.migrations?.()) ?? '.';
    return renderExcerpt(await readFile(resolve(folder, position.file), 'utf8'), position, Math.min(io.columns, 120));
  } catch {
    return ''; // the position is enough
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
