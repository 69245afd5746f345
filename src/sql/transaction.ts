import type { Dialect } from '../core/model/dialect.ts';
import type { SqlStatement } from '../core/model/migration.ts';
import { firstWords } from './keywords.ts';
import { SQL_RULES } from './rules.ts';

/** `BEGIN`, `COMMIT` and their like; undefined for anything else, savepoints included. */
export function transactionControl(sql: string, dialect: Dialect): string | undefined {
  const [first = '', second = '', third = ''] = firstWords(sql, dialect, 3);
  switch (first) {
    case 'BEGIN':
    case 'COMMIT':
    case 'END':
    case 'ABORT':
      return first;
    case 'START':
      return second === 'TRANSACTION' ? 'START TRANSACTION' : undefined;
    case 'PREPARE':
      return second === 'TRANSACTION' ? 'PREPARE TRANSACTION' : undefined;
    case 'ROLLBACK':
      return second === 'TO' || third === 'TO' ? undefined : first;
    default:
      return undefined;
  }
}

/**
 * Removes a plain `BEGIN` at the start and a plain `COMMIT` at the end, together or alone. For a tool that runs the
 * file in its own transaction, the first is only a warning of the server, and after the second nothing is left to
 * commit. All other transaction control is kept.
 */
export function withoutOwnTransaction(statements: readonly SqlStatement[], dialect: Dialect): SqlStatement[] {
  const is = (statement: SqlStatement | undefined, pattern: RegExp) =>
    statement !== undefined && pattern.test(firstWords(statement.sql, dialect, 4).join(' '));
  const opens = is(statements.at(0), /^(?:BEGIN|START)(?: (?:WORK|TRANSACTION))?$/);
  const closes = is(statements.at(-1), /^(?:COMMIT|END)(?: (?:WORK|TRANSACTION))?$/);
  return statements.slice(opens ? 1 : 0, closes ? -1 : undefined);
}

/**
 * For formats without a word for it: true where there are statements and each can only run outside a transaction.
 * PostgreSQL manual: "cannot be executed inside a transaction block" in the pages of these commands.
 */
export function needsNoTransaction(statements: readonly SqlStatement[], dialect: Dialect): boolean {
  return statements.length > 0 && statements.every(({ sql }) => runsOnlyOutside(sql, dialect));
}

export function runsOnlyOutside(sql: string, dialect: Dialect): boolean {
  return SQL_RULES[dialect].runsOnlyOutside(firstWords(sql, dialect, 6));
}
