import { type IndexSpec, type TableRef, tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule, type RuleActionContext } from '../rule.ts';
import { earlier, sameTable } from '../rule-helpers.ts';

export const uniqueOnExistingRows: Rule = {
  id: 'unique-on-existing-rows',
  topic: 'data',
  title: 'Existing rows must be unique.',
  why: 'Two rows with the same values stop the migration; an index that is built concurrently is left INVALID. A rehearsal on a full copy shows whether there are any.',
  dialects: BOTH,
  severity: 'warning',
  check: onTableInUse(['addConstraint', 'createIndex', 'addColumn'], (action, place) => {
    const { table } = action;
    if (action.kind === 'addColumn') {
      const { name, unique, primaryKey, default: value } = action.column;
      return (unique || primaryKey) && value === 'constant' ? finding(table, [name]) : undefined;
    }
    const unique =
      action.kind === 'createIndex'
        ? action.unique
        : (action.constraint === 'unique' || action.constraint === 'primary key') && !action.usingIndex;
    if (!unique || action.columns.length === 0) return undefined;
    if (isUnique(table, action.columns, place)) return undefined;
    return action.kind === 'createIndex' && action.expressions
      ? keyFinding(table, action)
      : finding(table, action.columns);
  }),
  examples: {
    bad: [
      { sql: 'CREATE UNIQUE INDEX CONCURRENTLY orders_ref ON orders (exchange_ref)', transaction: false },
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_ref UNIQUE (account_id, exchange_ref)' },
      { sql: "ALTER TABLE orders ADD COLUMN ref text UNIQUE DEFAULT ''" },
      { sql: 'CREATE UNIQUE INDEX orders_ref ON orders (exchange_ref)', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'CREATE INDEX CONCURRENTLY orders_ref ON orders (exchange_ref)', transaction: false },
      { sql: 'CREATE TABLE refs (ref text); CREATE UNIQUE INDEX refs_ref ON refs (ref)' },
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_ref UNIQUE USING INDEX orders_ref_index' },
      {
        given: 'CREATE TABLE orders (id bigint PRIMARY KEY, state text)',
        sql: 'CREATE UNIQUE INDEX CONCURRENTLY orders_id_state ON orders (id, state)',
        transaction: false,
      },
      {
        given: 'CREATE TABLE orders (number bigint PRIMARY KEY, state text)',
        sql: 'ALTER TABLE orders RENAME number TO id; CREATE UNIQUE INDEX orders_id_state ON orders (id, state)',
      },
      { sql: 'ALTER TABLE orders ADD COLUMN ref text; CREATE UNIQUE INDEX orders_ref ON orders (ref)' },
      { sql: 'ALTER TABLE orders ADD COLUMN ref text UNIQUE' },
    ],
  },
};

function finding(table: TableRef, columns: readonly string[]) {
  const list = columns.join(', ');
  return {
    message: `Fails if two rows of ${tableName(table)} have the same ${list}.`,
    advice: `Check first: SELECT ${list}, count(*) FROM ${tableName(table)} GROUP BY ${list} HAVING count(*) > 1; and correct the rows it finds in a migration before this one.`,
  };
}

/** For a key with expressions: its columns alone may be equal. */
function keyFinding(table: TableRef, { name, columns }: Pick<IndexSpec, 'name' | 'columns'>) {
  const key = `${columns.join(', ')} and the same expressions`;
  return {
    message: `Fails if two rows of ${tableName(table)} have the same ${key} of ${name ?? 'the index'}.`,
    advice: `Check first: group ${tableName(table)} by all columns and expressions of the index, HAVING count(*) > 1; and correct the rows it finds in a migration before this one.`,
  };
}

/** Unique already by a key over some of the columns, or because a column is new and NULL in every row. */
function isUnique(table: TableRef, columns: readonly string[], place: RuleActionContext): boolean {
  const known = place.known.table(table);
  const keys = [
    known?.primaryKey ?? [],
    ...(known?.constraints ?? []).filter(({ constraint }) => constraint === 'unique').map((one) => one.columns),
    ...(known?.indexes ?? [])
      .filter(({ unique, partial, expressions }) => unique && !partial && !expressions)
      .map((one) => one.columns),
  ].filter((key) => key.length > 0);
  if (keys.some((key) => key.every((column) => columns.includes(column)))) return true;
  const written = [...earlier(place, 'update'), ...earlier(place, 'insert')].some((one) => sameTable(one.table, table));
  const empty = earlier(place, 'addColumn').filter(
    (one) => sameTable(one.table, table) && one.column.default === undefined && !one.column.identity,
  );
  return !written && empty.some(({ column }) => column.generated === undefined && columns.includes(column.name));
}
