import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const truncate: Rule = {
  id: 'truncate',
  topic: 'data',
  title: 'A table is emptied.',
  why: 'All rows go at once, under a lock that stops readers too; with CASCADE so do the rows of every table with a foreign key to it. The rows come back only from a backup.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('truncate', ({ table, cascade }, place) => {
    if (place.isNew(table)) return undefined;
    const name = tableName(table);
    return {
      message: cascade
        ? `Deletes every row of ${name} and of every table that references it, directly or not.`
        : `Deletes every row of ${name}.`,
      advice: `Name the rows that may go: DELETE FROM ${name} WHERE …; in batches where there are many. If all of them may: -- db-manager:ignore truncate <why>`,
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
