import { tableName } from '../action.ts';
import { outside, quoteName, spellColumns, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const uniqueWithoutUsingIndex: Rule = {
  id: 'unique-without-using-index',
  topic: 'locks',
  title: 'A unique constraint is added together with its index.',
  why: 'The index is built under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. An index that was built concurrently before becomes the constraint in a moment. A partitioned table does not accept such an index: build one on each partition.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse(['addConstraint', 'addColumn'], (action, { migration, statement }) => {
    const { table } = action;
    const columns = action.kind === 'addColumn' ? [action.column.name] : action.columns;
    const unique =
      action.kind === 'addColumn' ? action.column.unique : action.constraint === 'unique' && !action.usingIndex;
    if (!unique) return undefined;
    const own = action.kind === 'addConstraint' ? action.name : undefined;
    const name = quoteName(own ?? `${[table.name, ...columns].join('_')}_key`);
    const nulls = /NULLS\s+NOT\s+DISTINCT/i.test(statement.sql) ? ' NULLS NOT DISTINCT' : '';
    const first = action.kind === 'addColumn' ? 'Add the column without it. ' : '';
    return {
      message: `Builds an index on ${tableName(table)}: all reads and writes are blocked until it finishes.`,
      advice: `${first}${outside(migration)} CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${spellTable(table)} (${spellColumns(columns)})${nulls}; then ALTER TABLE ${spellTable(table)} ADD CONSTRAINT ${name} UNIQUE USING INDEX ${name};`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_ref UNIQUE (exchange_ref)' },
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_ref UNIQUE NULLS NOT DISTINCT (exchange_ref)', version: 150000 },
      { sql: 'ALTER TABLE orders ADD COLUMN exchange_ref text UNIQUE' },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_ref UNIQUE USING INDEX orders_ref' },
      { sql: 'CREATE UNIQUE INDEX CONCURRENTLY orders_ref ON orders (exchange_ref)', transaction: false },
      { sql: 'CREATE TABLE fills (ref text); ALTER TABLE fills ADD CONSTRAINT fills_ref UNIQUE (ref)' },
    ],
  },
};
