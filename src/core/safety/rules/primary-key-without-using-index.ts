import { tableName } from '../action.ts';
import { outside, quoteName, spellColumns, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const primaryKeyWithoutUsingIndex: Rule = {
  id: 'primary-key-without-using-index',
  topic: 'locks',
  title: 'A primary key is added together with its index.',
  why: 'The index is built under an ACCESS EXCLUSIVE lock, and nullable columns are scanned first: all reads and writes are blocked until both finish. If the columns are NOT NULL and the index was built concurrently before, adding the key takes a moment.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse(['addConstraint', 'addColumn'], (action, { known, migration }) => {
    const { table } = action;
    const columns = action.kind === 'addColumn' ? [action.column.name] : action.columns;
    const key =
      action.kind === 'addColumn'
        ? action.column.primaryKey
        : action.constraint === 'primary key' && !action.usingIndex;
    if (!key) return undefined;
    const own = action.kind === 'addConstraint' ? action.name : undefined;
    const name = quoteName(own ?? `${table.name}_pkey`);
    const open = columns.filter((column) => !known.table(table)?.notNull.has(column));
    const nullable =
      open.length === 0 ? '' : `Make ${open.join(', ')} NOT NULL behind a validated check (see set-not-null). `;
    const first = action.kind === 'addColumn' ? 'Add the column without it and fill it. ' : '';
    return {
      message: `Builds an index on ${tableName(table)}: all reads and writes are blocked until it finishes.`,
      advice: `${first}${nullable}${outside(migration)} CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${spellTable(table)} (${spellColumns(columns)}); then ALTER TABLE ${spellTable(table)} ADD CONSTRAINT ${name} PRIMARY KEY USING INDEX ${name};`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD PRIMARY KEY (id)' },
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id, account_id)' },
      { sql: 'ALTER TABLE orders ADD COLUMN id bigint PRIMARY KEY' },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_id' },
      { sql: 'CREATE TABLE fills (id bigint); ALTER TABLE fills ADD PRIMARY KEY (id)' },
    ],
  },
};
