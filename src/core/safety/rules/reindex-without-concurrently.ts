import { outside, rewritten } from '../quoting.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

const CONCURRENTLY_SINCE = 120000;

export const reindexWithoutConcurrently: Rule = {
  id: 'reindex-without-concurrently',
  topic: 'locks',
  title: 'An index is rebuilt without CONCURRENTLY.',
  why: 'The rebuild blocks writes to the table and all use of the index, so that even planning a SELECT waits. PostgreSQL 12 and later have REINDEX CONCURRENTLY; before that, build a new index concurrently and rename it.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('reindex', ({ target, table, concurrently }, { isNew, known, server, statement, migration }) => {
    const of = known.tableOfIndex(target);
    if (concurrently || of?.createdInPlan || (table !== undefined && isNew(table))) return undefined;
    const safe = rewritten(
      statement,
      /^(REINDEX\s+(?:\([^)]*\)\s*)?(?:INDEX|TABLE|SCHEMA|DATABASE))\b/i,
      '$1 CONCURRENTLY',
    );
    return {
      message: `Rebuilds ${target}: writes to ${table === undefined ? (of?.name ?? 'its table') : 'it'} are blocked until it finishes, and reads that use the index wait.`,
      advice:
        server.version < CONCURRENTLY_SINCE
          ? `${outside(migration)} CREATE INDEX CONCURRENTLY <new name> …; DROP INDEX CONCURRENTLY ${target}; ALTER INDEX <new name> RENAME TO ${target};`
          : `${outside(migration)} ${safe ?? `REINDEX INDEX CONCURRENTLY ${target}`};`,
    };
  }),
  examples: {
    bad: [
      { sql: 'REINDEX INDEX orders_account' },
      { sql: 'REINDEX TABLE orders' },
      { sql: 'REINDEX (VERBOSE) TABLE public.orders' },
      { sql: 'REINDEX SCHEMA trading', transaction: false },
      { sql: 'REINDEX INDEX orders_account', version: 110000 },
    ],
    good: [
      { sql: 'REINDEX INDEX CONCURRENTLY orders_account', transaction: false },
      { sql: 'REINDEX (CONCURRENTLY, VERBOSE) TABLE orders', transaction: false },
      { sql: 'CREATE TABLE fills (id bigint); REINDEX TABLE fills' },
    ],
  },
};
