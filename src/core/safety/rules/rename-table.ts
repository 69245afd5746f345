import { CAPABILITIES } from '../../model/dialect.ts';
import { tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule } from '../rule.ts';
import { later } from '../rule-helpers.ts';

export const renameTable: Rule = {
  id: 'rename-table',
  topic: 'compatibility',
  title: 'A table or view is renamed.',
  why: 'Running versions of the application use the old name and fail until the last of them is replaced. On PostgreSQL a view with the old name, created in the same migration, keeps them working: a simple view can be written to.',
  dialects: BOTH,
  severity: 'error',
  check: onTableInUse('renameTable', ({ table, to, view }, place) => {
    const { writableViews } = CAPABILITIES[place.server.dialect];
    const name = tableName(table);
    const stays = writableViews && later(place, 'createView').some((one) => one.view.name === table.name);
    if (stays) return undefined;
    return {
      message: `Renames ${view ? 'view ' : ''}${name} to ${to}: running versions of the application use the old name.`,
      advice: writableViews
        ? `In the same migration: ALTER TABLE ${name} RENAME TO ${to}; CREATE VIEW ${name} AS SELECT * FROM ${to}; and drop the view once the old name is no longer used.`
        : `Keep the name and map the new one in the model (tableName: '${table.name}'). If the application is stopped during the migration: -- db-manager:ignore rename-table <why>`,
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
