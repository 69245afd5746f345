import type { ReadMigration } from '../action.ts';
import { OPENS } from '../locks.ts';
import { BOTH, onAction, type Rule, type SeenAction } from '../rule.ts';

export const nestedTransaction: Rule = {
  id: 'nested-transaction',
  topic: 'style',
  title: 'BEGIN, COMMIT or ROLLBACK inside a migration that runs in a transaction.',
  why: 'The migration and its history row are committed together or not at all. A COMMIT in the middle breaks this: the statements before it stay applied when the rest fails, and the history does not show it.',
  dialects: BOTH,
  severity: 'error',
  check: onAction('transaction', ({ verb }, { migration, before }) =>
    migration.transactional && !joins(verb, migration, before)
      ? {
          message: `${verb} ends or nests the transaction that the migration runs in.`,
          advice:
            'Remove it, or opt out of the transaction: "-- migrate:up transaction:false", "-- +goose NO TRANSACTION", export const transaction = false.',
        }
      : undefined,
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE a (id bigint); COMMIT; CREATE TABLE b (id bigint)' },
      { sql: 'CREATE TABLE a (id bigint); ROLLBACK' },
      { sql: 'CREATE TABLE a (id bigint); COMMIT', dialect: 'sqlite' },
      { sql: 'CREATE TABLE a (id bigint); COMMIT', code: true },
    ],
    good: [
      { sql: 'BEGIN; CREATE TABLE a (id bigint); COMMIT', transaction: false },
      { sql: 'SAVEPOINT one; CREATE TABLE a (id bigint); ROLLBACK TO SAVEPOINT one' },
      { sql: 'SAVEPOINT one; CREATE TABLE a (id bigint); ROLLBACK TO one', dialect: 'sqlite' },
      { sql: 'BEGIN; CREATE TABLE a (id bigint); COMMIT', code: true },
    ],
  },
};

/** In code, BEGIN and its COMMIT or ROLLBACK become a savepoint. A COMMIT without BEGIN fails there too. */
function joins(verb: string, { file }: ReadMigration, before: readonly SeenAction[]): boolean {
  if (!/\.[cm]?[jt]s$/i.test(file)) return false;
  if (OPENS.has(verb)) return true;
  const last = before.findLast(({ action }) => action.kind === 'transaction')?.action;
  return last?.kind === 'transaction' && OPENS.has(last.verb);
}
