import type { SchemaActionOf } from '../action.ts';
import { openTransaction } from '../locks.ts';
import { optOut } from '../quoting.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const concurrentlyInTransaction: Rule = {
  id: 'concurrently-in-transaction',
  topic: 'locks',
  title: 'CONCURRENTLY inside a transaction.',
  why: 'These commands commit several times while they run, so PostgreSQL refuses them inside a transaction and the migration fails. REFRESH MATERIALIZED VIEW CONCURRENTLY is allowed inside a transaction.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction(['createIndex', 'dropIndex', 'reindex', 'detachPartition'], (action, place) => {
    if (!action.concurrently || openTransaction(place) === undefined) return undefined;
    return {
      message: `${COMMANDS[action.kind]} CONCURRENTLY is refused inside a transaction.`,
      advice: `Put it into a separate migration that opts out: ${optOut(place.migration)}.`,
    };
  }),
  examples: {
    bad: [
      { sql: 'CREATE INDEX CONCURRENTLY orders_account ON orders (account_id)' },
      { sql: 'DROP INDEX CONCURRENTLY orders_account' },
      { sql: 'REINDEX TABLE CONCURRENTLY orders' },
      { sql: 'ALTER TABLE candles DETACH PARTITION candles_2023 CONCURRENTLY' },
      { sql: 'BEGIN; CREATE INDEX CONCURRENTLY orders_account ON orders (account_id); COMMIT', transaction: false },
    ],
    good: [
      { sql: 'CREATE INDEX CONCURRENTLY orders_account ON orders (account_id)', transaction: false },
      { sql: 'BEGIN; SET search_path = trading; COMMIT; REINDEX TABLE CONCURRENTLY orders', transaction: false },
      { sql: 'REFRESH MATERIALIZED VIEW CONCURRENTLY daily_volume' },
    ],
  },
};

const COMMANDS = {
  createIndex: 'CREATE INDEX',
  dropIndex: 'DROP INDEX',
  reindex: 'REINDEX',
  detachPartition: 'DETACH PARTITION',
} satisfies Record<SchemaActionOf<'createIndex' | 'dropIndex' | 'reindex' | 'detachPartition'>['kind'], string>;
