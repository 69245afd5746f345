import type { Dialect } from '../core/model/dialect.ts';
import type { SqlStatement } from '../core/model/migration.ts';
import { SQL_RULES } from './rules.ts';
import { firstWords } from './words.ts';

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

/** Takes off a plain `BEGIN` and `COMMIT` around everything; any other control stays and is refused later. */
export function withoutOwnTransaction(statements: readonly SqlStatement[], dialect: Dialect): SqlStatement[] {
  const [first, last] = [statements.at(0), statements.at(-1)];
  if (first === undefined || last === undefined || statements.length < 2) return [...statements];
  const opens = /^(?:BEGIN|START)(?: (?:WORK|TRANSACTION))?$/.test(firstWords(first.sql, dialect, 4).join(' '));
  const closes = /^(?:COMMIT|END)(?: (?:WORK|TRANSACTION))?$/.test(firstWords(last.sql, dialect, 4).join(' '));
  return opens && closes ? statements.slice(1, -1) : [...statements];
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
