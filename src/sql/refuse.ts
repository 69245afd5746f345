import { textStart } from '../core/model/clip.ts';
import type { Dialect } from '../core/model/dialect.ts';
import type { SqlStatement } from '../core/model/migration.ts';
import { firstOffset, firstWords } from './keywords.ts';
import { tokenize } from './lexer.ts';
import type { Objection } from './objection.ts';
import { SQL_RULES } from './rules.ts';
import { misplaced, positionAt } from './split.ts';
import { transactionControl } from './transaction.ts';

/**
 * Refuses statements that no driver can run, and those that would end the transaction of the migration, with advice and
 * position. Throws ProblemError InvalidMigration.
 */
export function refuseStatements(
  statements: readonly SqlStatement[],
  dialect: Dialect,
  transactional: boolean,
  optOut: string,
): void {
  for (const statement of statements) {
    const { sql } = statement;
    const text = {
      sql,
      tokens: () => tokenize(sql, dialect),
      words: (count: number) => firstWords(sql, dialect, count),
    };
    const found = SQL_RULES[dialect].clientCommand(text) ?? control(statement, dialect, transactional, optOut);
    if (found === undefined) continue;
    throw misplaced(positionAt(statement, found.offset), found.advice, textStart(sql, 400));
  }
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
