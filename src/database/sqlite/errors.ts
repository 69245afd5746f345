import { textStart } from '../../core/model/clip.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { type Problem, ProblemError } from '../../core/model/problem.ts';
import type { Reason } from '../../core/model/reason.ts';
import { assertionProblem } from '../../sql/assertion.ts';
import { offsetOf } from './error-position.ts';

/** SQLite's result codes by name, and their meaning for a run. All others are errors of the migration. */
const REASON_OF_CODE: Record<string, Reason> = {
  SQLITE_BUSY: 'LockTimeout',
  SQLITE_LOCKED: 'LockTimeout',
  SQLITE_FULL: 'NoSpace',
  SQLITE_READONLY: 'PermissionDenied',
  SQLITE_PERM: 'PermissionDenied',
  SQLITE_CANTOPEN: 'PermissionDenied',
  SQLITE_NOTADB: 'CheckFailed',
  SQLITE_CORRUPT: 'CheckFailed',
};

/** `SQLITE_…` of an error, also if Sequelize has wrapped it. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_')) return error.code;
  if ('original' in error) return codeOf(error.original);
  return 'cause' in error ? codeOf(error.cause) : undefined;
}

export function reasonOf(error: unknown): Reason | undefined {
  const code = codeOf(error);
  return code === undefined ? undefined : REASON_OF_CODE[code];
}

export function problemOf(error: unknown, statement: SqlStatement | undefined): Problem {
  if (error instanceof ProblemError) return { ...error.problem, ...whereIn(error, statement) };
  const code = codeOf(error);
  const text = messageOf(error);
  const untrue =
    statement?.assertion === undefined ? undefined : assertionProblem(statement.assertion, 'sqlite', { message: text });
  if (untrue !== undefined && statement !== undefined) {
    const { file, line, column } = statement;
    return { ...untrue, position: { file, line, column } };
  }
  const reason = reasonOf(error) ?? 'MigrationFailed';
  return {
    reason,
    message: reason === 'LockTimeout' ? `${text}: another process is writing to the database` : text,
    ...(code === undefined ? {} : { code }),
    ...whereIn(error, statement),
  };
}

function whereIn(error: unknown, statement: SqlStatement | undefined): Pick<Problem, 'statement' | 'position'> {
  if (statement === undefined) return sqlOf(error);
  const offset = offsetOf(error) ?? Math.max(0, statement.sql.search(/\S/));
  return {
    statement: textStart(statement.sql, 1_000),
    position: { file: statement.file, ...placeIn(statement, offset) },
  };
}

/** Sequelize keeps the SQL of a failed query on its error. */
function sqlOf(error: unknown): { statement?: string } {
  return typeof error === 'object' && error !== null && 'sql' in error && typeof error.sql === 'string'
    ? { statement: textStart(error.sql, 1_000) }
    : {};
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^SQLITE_[A-Z]+: /, '') : String(error);
}

function placeIn({ sql, line, column }: SqlStatement, offset: number): { line: number; column: number } {
  const before = sql.slice(0, Math.max(0, offset));
  const breaks = before.split('\n').length - 1;
  return breaks === 0
    ? { line, column: column + before.length }
    : { line: line + breaks, column: before.length - before.lastIndexOf('\n') };
}
