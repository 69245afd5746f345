import type { Dialect } from '../../core/model/dialect.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { positionAt } from './split.ts';
import { tokenize } from './tokenize.ts';
import { transactionControl } from './transaction.ts';
import { firstWords } from './words.ts';

/**
 * Refuses what no driver can run, and what would break the migration's own transaction, with advice and the place.
 * Throws ProblemError InvalidMigration.
 */
export function refuseStatements(
  statements: readonly SqlStatement[],
  dialect: Dialect,
  transactional: boolean,
  optOut: string,
): void {
  for (const statement of statements) {
    const found =
      psqlCommand(statement, dialect) ?? copy(statement, dialect) ?? control(statement, dialect, transactional, optOut);
    if (found === undefined) continue;
    const position = positionAt(statement, found.offset);
    throw new ProblemError({
      reason: 'InvalidMigration',
      message: `${position.file}:${position.line}:${position.column}: ${found.advice}`,
      statement: statement.sql.slice(0, 400),
      position,
    });
  }
}

interface Objection {
  /** Where in the statement's text. */
  offset: number;
  advice: string;
}

/** A backslash outside strings is never SQL in PostgreSQL: it is `\d`, `\connect`, `\gset`, … */
function psqlCommand({ sql }: SqlStatement, dialect: Dialect): Objection | undefined {
  if (dialect !== 'postgres' || !sql.includes('\\')) return undefined;
  for (const { kind, start } of tokenize(sql, dialect)) {
    if (kind !== 'symbol' || sql[start] !== '\\') continue;
    const name = /^\\\S*/.exec(sql.slice(start, start + 40))?.[0] ?? '\\';
    return {
      offset: start,
      advice: `${name} is a psql command, not SQL. Remove it, or write what it does as SQL.`,
    };
  }
  return undefined;
}

function copy({ sql }: SqlStatement, dialect: Dialect): Objection | undefined {
  if (dialect !== 'postgres' || firstWords(sql, dialect, 1)[0] !== 'COPY') return undefined;
  const words = firstWords(sql, dialect, 2000);
  const at = words.findIndex(
    (word, index) => (word === 'STDIN' || word === 'STDOUT') && /^(FROM|TO)$/.test(words[index - 1] ?? ''),
  );
  if (at < 0) return undefined;
  return {
    offset: firstOffset(sql, dialect),
    advice: `COPY … ${words[at - 1]} ${words[at]?.toLowerCase()} needs psql on the other end. Use INSERT statements, or load the data in a .ts migration.`,
  };
}

function control(
  { sql }: SqlStatement,
  dialect: Dialect,
  transactional: boolean,
  optOut: string,
): Objection | undefined {
  if (!transactional) return undefined;
  const command = transactionControl(sql, dialect);
  if (command === undefined) return undefined;
  return {
    offset: firstOffset(sql, dialect),
    advice: `${command} is not allowed here: the migration already runs in a transaction of its own, which commits with its history row. Remove it, or opt out of the transaction with: ${optOut}`,
  };
}

/** A statement may start with a comment that belongs to it. */
function firstOffset(sql: string, dialect: Dialect): number {
  for (const { kind, start } of tokenize(sql, dialect)) if (kind !== 'comment' && kind !== 'space') return start;
  return 0;
}
