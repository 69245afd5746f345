import { type TableRef, tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule, type RuleActionContext } from '../rule.ts';
import { earlier, rebuildOf, sameTable } from '../rule-helpers.ts';

export const dropColumn: Rule = {
  id: 'drop-column',
  topic: 'data',
  title: 'A column is dropped with its values.',
  why: 'The values can be recovered only from a backup, and every running version of the application that names the column fails. First deploy a version that no longer names it, then drop the column in a later migration.',
  dialects: BOTH,
  severity: 'error',
  check: onTableInUse(['dropColumn', 'dropTable'], (action, place) => {
    const { table } = action;
    const columns = action.kind === 'dropColumn' ? [action.column] : leftOut(table, place);
    const old = columns.filter((column) => !addedHere(table, column, place));
    if (old.length === 0) return undefined;
    const names = old.map((column) => `${tableName(table)}.${column}`).join(', ');
    return {
      message: `Drops ${names} with ${old.length === 1 ? 'its' : 'their'} values.`,
      advice: `Deploy a version of the application that no longer names ${names}, then state that it is unused: -- db-manager:ignore drop-column unused since <version>`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders DROP COLUMN note' },
      { sql: 'ALTER TABLE orders DROP COLUMN note', dialect: 'sqlite' },
      {
        given: 'CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER, note TEXT)',
        sql: `CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER);
              INSERT INTO orders_new SELECT id, total FROM orders;
              DROP TABLE orders;
              ALTER TABLE orders_new RENAME TO orders`,
        dialect: 'sqlite',
      },
    ],
    good: [
      { sql: 'CREATE TABLE orders (id bigint PRIMARY KEY, note text); ALTER TABLE orders DROP COLUMN note' },
      { sql: 'ALTER TABLE orders ADD COLUMN scratch bigint; ALTER TABLE orders DROP COLUMN scratch' },
      {
        given: 'CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER)',
        sql: `CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);
              INSERT INTO orders_new SELECT id, total FROM orders;
              DROP TABLE orders;
              ALTER TABLE orders_new RENAME TO orders`,
        dialect: 'sqlite',
      },
    ],
  },
};

/** Columns that a rebuilt table no longer has. */
function leftOut(table: TableRef, place: RuleActionContext): string[] {
  const rebuild = rebuildOf(place, table);
  const made = rebuild && place.known.table(rebuild.scratch);
  const before = place.known.table(table);
  if (made === undefined || before === undefined || made.columns.size === 0) return [];
  const kept = new Set([...made.columns.keys()].map((name) => name.toLowerCase()));
  return [...before.columns.keys()].filter((name) => !kept.has(name.toLowerCase()));
}

function addedHere(table: TableRef, column: string, place: RuleActionContext): boolean {
  return earlier(place, 'addColumn').some((one) => sameTable(one.table, table) && one.column.name === column);
}
