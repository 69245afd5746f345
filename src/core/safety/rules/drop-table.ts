import { tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule } from '../rule.ts';
import { isTemporary, rebuildOf } from '../rule-helpers.ts';

export const dropTable: Rule = {
  id: 'drop-table',
  topic: 'data',
  title: 'A table is dropped with all its rows.',
  why: 'The rows can be recovered only from a backup, and every running version of the application that still uses the table fails. First deploy a version that no longer uses it, then drop the table in a later migration.',
  dialects: BOTH,
  severity: 'error',
  check: onTableInUse('dropTable', ({ table }, place) => {
    if (isTemporary(place, table) || rebuildOf(place, table) !== undefined) return undefined;
    const name = tableName(table);
    return {
      message: `Drops table ${name} with all its rows.`,
      advice: `Deploy a version of the application that no longer uses ${name}, then state that it is unused: -- db-manager:ignore drop-table unused since <version>`,
    };
  }),
  examples: {
    bad: [
      { sql: 'DROP TABLE orders' },
      { sql: 'DROP TABLE IF EXISTS orders' },
      { sql: 'DROP TABLE orders', dialect: 'sqlite' },
      { sql: 'DROP TABLE orders', given: 'CREATE TABLE orders (id bigint PRIMARY KEY)' },
      {
        sql: `CREATE TABLE orders_new (id INTEGER PRIMARY KEY); INSERT INTO orders_new SELECT id FROM orders;
              DROP TABLE orders; ALTER TABLE orders_new RENAME TO orders; DROP TABLE orders`,
        dialect: 'sqlite',
      },
    ],
    good: [
      { sql: 'CREATE TABLE scratch (id bigint); DROP TABLE scratch' },
      {
        sql: `CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);
              INSERT INTO orders_new SELECT id, total FROM orders;
              DROP TABLE orders;
              ALTER TABLE orders_new RENAME TO orders`,
        dialect: 'sqlite',
      },
    ],
  },
};
