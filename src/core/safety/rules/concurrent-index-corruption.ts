import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const concurrentIndexCorruption: Rule = {
  id: 'concurrent-index-corruption',
  topic: 'data',
  title: 'An index is built concurrently on PostgreSQL 14.0 to 14.3.',
  why: 'In these versions CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY may leave rows out of the index without an error. Queries do not find these rows. PostgreSQL 14.4 fixes this; rebuild indexes that were built before.',
  dialects: POSTGRES,
  severity: 'error',
  since: 140000,
  until: 140004,
  check: onAction(['createIndex', 'reindex'], ({ concurrently }, { server }) =>
    concurrently
      ? {
          message: `PostgreSQL 14.${server.version % 10000} may leave rows out of an index that is built concurrently.`,
          advice: 'Update the server to 14.4 or later first. https://www.postgresql.org/docs/release/14.4/',
        }
      : undefined,
  ),
  examples: {
    bad: [
      { sql: 'CREATE INDEX CONCURRENTLY orders_account ON orders (account_id)', transaction: false, version: 140002 },
      { sql: 'REINDEX INDEX CONCURRENTLY orders_account', transaction: false, version: 140003 },
    ],
    good: [{ sql: 'CREATE INDEX orders_account ON orders (account_id)', version: 140002 }],
  },
};
