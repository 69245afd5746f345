import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';
import { later } from '../rule-helpers.ts';

export const setSchema: Rule = {
  id: 'set-schema',
  topic: 'compatibility',
  title: 'A table is moved to another schema.',
  why: 'Running versions of the application look for the table in the old schema. A view in the old schema, created in the same migration, keeps them working.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('setSchema', ({ table, to }, place) => {
    if (later(place, 'createView').some(({ view }) => view.name === table.name && view.schema !== to)) return undefined;
    const name = tableName(table);
    return {
      message: `Moves ${name} to schema ${to}: running versions of the application look for it in the old schema.`,
      advice: `In the same migration: ALTER TABLE ${name} SET SCHEMA ${to}; CREATE VIEW ${name} AS SELECT * FROM ${to}.${table.name}; and drop the view once it is no longer used.`,
    };
  }),
  examples: {
    bad: [{ sql: 'ALTER TABLE orders SET SCHEMA archive' }],
    good: [
      { sql: 'ALTER TABLE orders SET SCHEMA archive; CREATE VIEW public.orders AS SELECT * FROM archive.orders' },
      { sql: 'CREATE TABLE old_orders (id bigint); ALTER TABLE old_orders SET SCHEMA archive' },
    ],
  },
};
