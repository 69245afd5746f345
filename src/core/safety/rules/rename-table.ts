import { tableName } from '../action.ts';
import { later } from '../around.ts';
import { BOTH, each, type Rule } from '../rule.ts';

export const renameTable: Rule = {
  id: 'rename-table',
  topic: 'compatibility',
  title: 'A table or view is renamed.',
  why: 'Running versions of the application know the old name and fail from this moment until the last of them is replaced. On PostgreSQL a view under the old name, made in the same migration, keeps them working: a plain view can be written to.',
  dialects: BOTH,
  severity: 'error',
  check: each('renameTable', ({ table, to, view }, place) => {
    if (place.isNew(table)) return undefined;
    const name = tableName(table);
    const stays =
      place.server.dialect === 'postgres' && later(place, 'createView').some((one) => one.view.name === table.name);
    if (stays) return undefined;
    return {
      message: `Renames ${view ? 'view ' : ''}${name} to ${to}: running versions of the application do not know the new name.`,
      advice:
        place.server.dialect === 'postgres'
          ? `In the same migration: ALTER TABLE ${name} RENAME TO ${to}; CREATE VIEW ${name} AS SELECT * FROM ${to}; and drop the view once nobody uses the old name.`
          : `Keep the name and map the new one in the model (tableName: '${table.name}'). Where the application stands still meanwhile: -- db-manager:ignore rename-table <why>`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders RENAME TO trades' },
      { sql: 'ALTER VIEW open_orders RENAME TO working_orders' },
      { sql: 'ALTER TABLE orders RENAME TO trades', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'ALTER TABLE orders RENAME TO trades; CREATE VIEW orders AS SELECT * FROM trades' },
      { sql: 'CREATE TABLE orders (id bigint); ALTER TABLE orders RENAME TO trades' },
      { sql: 'ALTER INDEX orders_account RENAME TO orders_by_account' },
      {
        sql: `CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM orders;
              DROP TABLE orders; ALTER TABLE n RENAME TO orders`,
        dialect: 'sqlite',
      },
    ],
  },
};
