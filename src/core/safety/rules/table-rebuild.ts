import { tableName } from '../action.ts';
import { onTableInUse, type Rule, SQLITE } from '../rule.ts';
import { rebuildOf } from '../rule-helpers.ts';

export const tableRebuild: Rule = {
  id: 'table-rebuild',
  topic: 'sqlite',
  title: 'A table is rebuilt by copying it into a new one.',
  why: 'Every row is rewritten while other writers are blocked, and the file grows by the size of the table and its indexes. A rebuild by hand also loses the indexes, triggers and AUTOINCREMENT counter that it does not recreate.',
  dialects: SQLITE,
  severity: 'notice',
  check: onTableInUse('dropTable', ({ table }, place) => {
    const rebuild = rebuildOf(place, table);
    if (rebuild === undefined) return undefined;
    const name = tableName(table);
    return rebuild.own
      ? {
          message: `Rebuilds ${name}: every row is copied, and other writers are blocked until it finishes.`,
          advice: `Keep enough free disk space for a second copy of ${name}. If SQLite has a native ALTER TABLE for the change (ADD COLUMN, RENAME COLUMN, DROP COLUMN of an unused column), db-manager uses it.`,
        }
      : {
          message: `Rebuilds ${name} by hand: every row is copied; indexes, triggers and the AUTOINCREMENT counter must be recreated.`,
          advice: `In a .ts migration queryInterface.changeColumn, removeColumn and addConstraint rebuild ${name} from its own definition and keep all of them.`,
          severity: 'warning',
        };
  }),
  examples: {
    bad: [
      {
        sql: `CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);
              INSERT INTO orders_new SELECT id, total FROM orders;
              DROP TABLE orders;
              ALTER TABLE orders_new RENAME TO orders`,
      },
      {
        sql: `CREATE TABLE "_db_manager_new_orders" (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);
              INSERT INTO "_db_manager_new_orders" SELECT id, total FROM orders;
              DROP TABLE "orders";
              ALTER TABLE "_db_manager_new_orders" RENAME TO "orders"`,
      },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD COLUMN total INTEGER' },
      { sql: 'CREATE TABLE totals (id INTEGER); INSERT INTO totals SELECT id FROM orders' },
    ],
  },
};
