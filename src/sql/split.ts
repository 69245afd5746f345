/**
 * SQL as text: tokens, statements, and what is refused in them. Pure code that knows the two databases' lexical rules;
 * it imports core only.
 */
import type { Dialect } from '../core/model/dialect.ts';
import type { SqlStatement } from '../core/model/migration.ts';
import { ProblemError, type SourcePosition } from '../core/model/problem.ts';
import { assertionIn, assertionSql } from './assertion.ts';
import { tokenize } from './lexer.ts';
import { lostFrom } from './lost.ts';
import { SQL_RULES } from './rules.ts';

/** Where a piece of SQL is in its file, so that statements point into the file and not into the piece. */
interface Origin {
  file: string;
  /** Line of the piece's first character, from 1. */
  line: number;
  /** Column of the piece's first character, from 1. */
  column?: number;
}

/**
 * Splits SQL into statements at the semicolons that end one: not those in strings, comments, dollar quotes, `BEGIN
 * ATOMIC` bodies and parentheses (PostgreSQL) or trigger bodies (SQLite).
 *
 * A statement's text is the file's text at its line and column, without the semicolon. It starts at its first word,
 * unless a comment above it is a directive (`-- db-manager:ignore …`, a planner hint), which then belongs to it;
 * such a comment behind the semicolon on the same line belongs to it too, with the semicolon. Pieces with nothing
 * but comments are no statements.
 *
 * Throws ProblemError InvalidMigration with the place where a part of the text would be lost: see `refuseLost`.
 */
export function splitSql(sql: string, dialect: Dialect, origin: Origin): SqlStatement[] {
  const found: { start: number; end: number; assertion?: string }[] = [];
  let start: number | undefined;
  let lead: number | undefined;
  let end = 0;
  const { newBody } = SQL_RULES[dialect];
  let body = newBody();

  refuseLost(sql, dialect, origin);
  for (const token of tokenize(sql, dialect)) {
    if (token.kind === 'space') continue;
    if (token.kind === 'comment') {
      if (!speaksToMachine(sql, token.start, token.end)) continue;
      const assertion = assertionIn(sql.slice(token.start, token.end));
      if (assertion !== undefined) {
        if (start !== undefined || assertion === '') refuseAssertion(sql, token.start, origin, assertion);
        found.push({ start: token.start, end: token.end, assertion });
        continue;
      }
      if (start !== undefined) {
        end = token.end;
        continue;
      }
      const previous = found.at(-1);
      const sameLine =
        previous !== undefined && lead === undefined && !sql.slice(previous.end, token.start).includes('\n');
      if (sameLine) previous.end = token.end;
      else lead ??= token.start;
      continue;
    }
    if (token.kind === 'symbol' && sql[token.start] === ';' && body.ended()) {
      if (start !== undefined) found.push({ start: lead ?? start, end });
      start = undefined;
      lead = undefined;
      body = newBody();
      continue;
    }
    start ??= token.start;
    end = token.end;
    body.see(token, sql);
  }
  if (start !== undefined) found.push({ start: lead ?? start, end });

  const place = placer(sql, origin);
  return found.map(({ start, end, assertion }) =>
    assertion === undefined
      ? { sql: sql.slice(start, end), ...place(start) }
      : { sql: assertionSql(assertion, dialect), ...place(start), assertion },
  );
}

/** The place in the file of an offset into a statement's text, as the databases' error positions are. */
export function positionAt(statement: SqlStatement, offset: number): SourcePosition {
  return placer(statement.sql, statement)(Math.min(offset, statement.sql.length));
}

function refuseAssertion(sql: string, start: number, origin: Origin, condition: string): never {
  const why =
    condition === ''
      ? 'db-manager:assert has no condition. Write a query that must return true after it'
      : 'db-manager:assert is inside a statement. End the statement before it with a semicolon';
  throw misplaced(placer(sql, origin)(start), `${why}.`);
}

function refuseLost(sql: string, dialect: Dialect, origin: Origin): void {
  const lost = lostFrom(sql, dialect);
  if (lost !== undefined) throw misplaced(placer(sql, origin)(lost.offset), lost.advice);
}

/** InvalidMigration at a place in a file. */
export function misplaced(position: SourcePosition, advice: string, statement?: string): ProblemError {
  const { file, line, column } = position;
  const message = `${file}:${line}:${column}: ${advice}`;
  return new ProblemError({ reason: 'InvalidMigration', message, ...(statement && { statement }), position });
}

function speaksToMachine(sql: string, start: number, end: number): boolean {
  return sql.startsWith('/*+', start) || sql.slice(start, end).includes('db-manager:');
}

/** Line and column of an offset; offsets are asked for in rising order, so the text is walked once. */
function placer(sql: string, { file, line, column = 1 }: Origin): (offset: number) => SourcePosition {
  let lineStart = 1 - column;
  let lines = line;
  let searched = 0;
  return (offset) => {
    for (;;) {
      const feed = sql.indexOf('\n', searched);
      if (feed < 0 || feed >= offset) break;
      lines += 1;
      lineStart = feed + 1;
      searched = feed + 1;
    }
    return { file, line: lines, column: offset - lineStart + 1 };
  };
}
