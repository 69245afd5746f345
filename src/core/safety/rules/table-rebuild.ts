import { tableName } from '../action.ts';
import { rebuildOf } from '../around.ts';
import { each, type Rule, SQLITE } from '../rule.ts';

export const tableRebuild: Rule = {
  id: 'table-rebuild',
  topic: 'sqlite',
  title: 'A table is rebuilt: copied into a new one, which gets its name.',
  why: 'Every row is written anew while nobody else may write, and the file grows by the table and its indexes. A rebuild by hand also loses the indexes, triggers and AUTOINCREMENT counter that it does not make again.',
  dialects: SQLITE,
  severity: 'notice',
  check: each('dropTable', ({ table }, place) => {
    const rebuild = rebuildOf(place, table);
    if (rebuild === undefined || place.isNew(table)) return undefined;
    const name = tableName(table);
    return rebuild.own
      ? {
          message: `Rebuilds ${name}: every row is copied, and nobody else may write meanwhile.`,
          advice: `Have room for ${name} a second time. Where SQLite has the ALTER TABLE for it (ADD COLUMN, RENAME COLUMN, DROP COLUMN of a column that nothing uses), that is used instead.`,
        }
      : {
          message: `Rebuilds ${name} by hand: every row is copied; indexes, triggers and the AUTOINCREMENT counter have to be made again.`,
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
