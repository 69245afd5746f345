import { each, POSTGRES, type Rule } from '../rule.ts';
import { outside, rewritten } from '../spell.ts';

const CONCURRENTLY_SINCE = 120000;

export const reindexWithoutConcurrently: Rule = {
  id: 'reindex-without-concurrently',
  topic: 'locks',
  title: 'An index is rebuilt without CONCURRENTLY.',
  why: 'The rebuild locks the table against writers and the index itself against everybody, so that even a plan for a SELECT waits. PostgreSQL has REINDEX CONCURRENTLY from 12 on; before, a new index is built concurrently and takes the old one’s name.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('reindex', ({ target, table, concurrently }, { isNew, known, server, statement, migration }) => {
    const of = known.tableOfIndex(target);
    if (concurrently || of?.fresh || (table !== undefined && isNew(table))) return undefined;
    const safe = rewritten(
      statement,
      /^(REINDEX\s+(?:\([^)]*\)\s*)?(?:INDEX|TABLE|SCHEMA|DATABASE))\b/i,
      '$1 CONCURRENTLY',
    );
    return {
      message: `Rebuilds ${target} while nobody can write to ${table === undefined ? (of?.name ?? 'its table') : 'it'}, and reading waits too.`,
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
