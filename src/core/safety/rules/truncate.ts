import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const truncate: Rule = {
  id: 'truncate',
  topic: 'data',
  title: 'A table is emptied.',
  why: 'All rows are deleted at once, under a lock that blocks reads too. With CASCADE the rows of every table with a foreign key to it are deleted as well. The rows can be recovered only from a backup.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('truncate', ({ table, cascade }) => {
    const name = tableName(table);
    return {
      message: cascade
        ? `Deletes every row of ${name} and of every table that references it, directly or not.`
        : `Deletes every row of ${name}.`,
      advice: `Restrict the rows: DELETE FROM ${name} WHERE …; in batches if there are many. If every row should be deleted: -- db-manager:ignore truncate <why>`,
    };
  }),
  examples: {
    bad: [{ sql: 'TRUNCATE orders' }, { sql: 'TRUNCATE TABLE orders CASCADE' }, { sql: 'TRUNCATE fills, orders' }],
    good: [
      { sql: 'CREATE TABLE scratch (id bigint); TRUNCATE scratch' },
      { sql: "DELETE FROM orders WHERE placed_at < '2020-01-01'" },
    ],
  },
};
