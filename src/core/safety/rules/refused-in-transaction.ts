import { openTransaction } from '../locks.ts';
import { optOut } from '../quoting.ts';
import { BOTH, onAction, type Rule } from '../rule.ts';

export const refusedInTransaction: Rule = {
  id: 'refused-in-transaction',
  topic: 'locks',
  title: 'A command that cannot run inside a transaction.',
  why: 'VACUUM and similar commands manage their own transactions or cannot be undone, so the migration fails when it reaches them.',
  dialects: BOTH,
  severity: 'error',
  check: onAction('outsideOnly', ({ command }, place) =>
    openTransaction(place) === undefined
      ? undefined
      : {
          message: `${command} is refused inside a transaction.`,
          advice: `Put it into a separate migration that opts out: ${optOut(place.migration)}.`,
        },
  ),
  examples: {
    bad: [
      { sql: 'VACUUM orders' },
      { sql: 'CREATE DATABASE reports' },
      { sql: 'ALTER SYSTEM SET work_mem = $$64MB$$' },
      { sql: 'REINDEX SCHEMA CONCURRENTLY trading' },
      { sql: 'VACUUM', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'VACUUM orders', transaction: false },
      { sql: 'ANALYZE orders' },
      { sql: 'VACUUM', transaction: false, dialect: 'sqlite' },
    ],
  },
};
