import { outside, rewritten } from '../quoting.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const dropIndexWithoutConcurrently: Rule = {
  id: 'drop-index-without-concurrently',
  topic: 'locks',
  title: 'An index is dropped without CONCURRENTLY.',
  why: 'DROP INDEX takes an ACCESS EXCLUSIVE lock on the table. The lock is held briefly, but while it waits for a long query, all reads and writes queue behind it. CONCURRENTLY does not block them. An index that belongs to a constraint can be dropped only with the constraint.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction('dropIndex', ({ name, concurrently }, { known, statement, migration }) => {
    const table = known.tableOfIndex(name);
    if (concurrently || table?.createdInPlan || table?.partitioned) return undefined;
    const alone = statement.actions?.length === 1;
    const safe =
      (alone ? rewritten(statement, /^(DROP\s+INDEX)\b/i, '$1 CONCURRENTLY') : undefined) ??
      `DROP INDEX CONCURRENTLY ${name}`;
    return {
      message: `Drops index ${name} under an ACCESS EXCLUSIVE lock on ${table?.name ?? 'its table'}.`,
      advice: `${outside(migration)} ${safe.replace(/\s+CASCADE$/i, '')};`,
    };
  }),
  examples: {
    bad: [
      { sql: 'DROP INDEX orders_account' },
      { sql: 'DROP INDEX IF EXISTS public.orders_account', transaction: false },
      { sql: 'DROP INDEX orders_account', given: 'CREATE INDEX orders_account ON orders (account_id)' },
    ],
    good: [
      { sql: 'DROP INDEX CONCURRENTLY orders_account', transaction: false },
      {
        sql: 'CREATE TABLE fills (order_id bigint); CREATE INDEX fills_order ON fills (order_id); DROP INDEX fills_order',
      },
      {
        given: 'CREATE TABLE fills (id bigint) PARTITION BY HASH (id); CREATE INDEX fills_id ON fills (id)',
        sql: 'DROP INDEX fills_id',
      },
    ],
  },
};
