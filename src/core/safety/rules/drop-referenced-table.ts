import { type SchemaAction, tableName } from '../action.ts';
import { onTableInUse, type Rule, type RuleActionContext, SQLITE } from '../rule.ts';
import { earlier, rebuildOf } from '../rule-helpers.ts';

export const dropReferencedTable: Rule = {
  id: 'drop-referenced-table',
  topic: 'sqlite',
  title: 'A table that others reference is dropped with foreign keys on.',
  why: 'SQLite deletes the rows of a table before it drops it. With foreign keys on, rows of other tables are deleted by cascade, set to NULL, or stop the migration. Creating a new table with the same name afterwards does not restore them. https://sqlite.org/foreignkeys.html#fk_schemacommands',
  dialects: SQLITE,
  severity: 'error',
  check: onTableInUse('dropTable', ({ table }, place) => {
    const children = place.known.referencing(table).filter(({ name }) => !goes(name, place));
    const rebuild = rebuildOf(place, table);
    if (children.length === 0 || rebuild?.own === true) return undefined;
    if (earlier(place, 'pragma').some(isOff)) return undefined;
    const names = children.map(({ name }) => name).join(', ');
    const name = tableName(table);
    return {
      message: `Drops ${name} while foreign keys are on: rows of ${names} that reference it are deleted, set to NULL, or stop the migration.`,
      advice:
        rebuild === undefined
          ? `Drop ${names} or their foreign keys first.`
          : `Begin the migration with PRAGMA foreign_keys = OFF; (db-manager then runs it with foreign keys off and checks them before it commits), or let queryInterface rebuild ${name} in a .ts migration.`,
    };
  }),
  examples: {
    bad: [
      {
        given:
          'CREATE TABLE orders (id INTEGER PRIMARY KEY); CREATE TABLE fills (order_id REFERENCES orders ON DELETE CASCADE)',
        sql: `CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER);
              INSERT INTO orders_new (id) SELECT id FROM orders;
              DROP TABLE orders;
              ALTER TABLE orders_new RENAME TO orders`,
      },
      {
        given: 'CREATE TABLE orders (id INTEGER PRIMARY KEY); CREATE TABLE fills (order_id REFERENCES orders)',
        sql: 'DROP TABLE orders',
      },
    ],
    good: [
      {
        given: 'CREATE TABLE orders (id INTEGER PRIMARY KEY); CREATE TABLE fills (order_id REFERENCES orders)',
        sql: `PRAGMA foreign_keys = OFF;
              CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER);
              INSERT INTO orders_new (id) SELECT id FROM orders;
              DROP TABLE orders;
              ALTER TABLE orders_new RENAME TO orders`,
      },
      {
        given: 'CREATE TABLE orders (id INTEGER PRIMARY KEY); CREATE TABLE fills (order_id REFERENCES orders)',
        sql: 'DROP TABLE fills; DROP TABLE orders',
      },
      {
        given: 'CREATE TABLE orders (id INTEGER PRIMARY KEY, parent_id REFERENCES orders)',
        sql: 'DROP TABLE orders',
      },
    ],
  },
};

function isOff(action: Extract<SchemaAction, { kind: 'pragma' }>): boolean {
  return action.name === 'foreign_keys' && /^(?:off|0|no|false)$/i.test(action.value ?? '');
}

/** Dropped before: no longer known, unless the table is known only by its foreign key. */
function goes(name: string, place: RuleActionContext): boolean {
  return earlier(place, 'dropTable').some(({ table }) => table.name === name);
}
