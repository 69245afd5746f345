import { type ColumnSpec, tableName } from '../action.ts';
import { onAction, type Rule, SQLITE } from '../rule.ts';

export const addColumnRefused: Rule = {
  id: 'add-column-refused',
  topic: 'sqlite',
  title: 'ADD COLUMN in a form that SQLite refuses.',
  why: 'On SQLite, ALTER TABLE ADD COLUMN does not rewrite rows, so it accepts only columns that need no rewrite. It refuses UNIQUE, PRIMARY KEY and STORED columns, NOT NULL without a default, computed defaults, and a reference with a default. Some of these forms pass on an empty table and fail in production. https://sqlite.org/lang_altertable.html',
  dialects: SQLITE,
  severity: 'error',
  check: onAction('addColumn', ({ table, column }, { isNew }) => {
    const fault = always(column) ?? (isNew(table) ? undefined : withRows(column));
    if (fault === undefined) return undefined;
    const name = tableName(table);
    return {
      message: `SQLite refuses to add ${name}.${column.name}: ${fault.what}.`,
      advice: fault.instead(name, column.name),
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD COLUMN ref TEXT UNIQUE' },
      { sql: 'ALTER TABLE orders ADD COLUMN ref INTEGER PRIMARY KEY' },
      { sql: 'ALTER TABLE orders ADD COLUMN ref TEXT NOT NULL' },
      { sql: 'ALTER TABLE orders ADD COLUMN ref TEXT NOT NULL DEFAULT NULL' },
      { sql: 'ALTER TABLE orders ADD COLUMN seen_at TEXT DEFAULT CURRENT_TIMESTAMP' },
      { sql: "ALTER TABLE orders ADD COLUMN seen_at TEXT DEFAULT (datetime('now'))" },
      { sql: 'ALTER TABLE orders ADD COLUMN total REAL GENERATED ALWAYS AS (price * quantity) STORED' },
      { sql: 'ALTER TABLE orders ADD COLUMN account_id INTEGER REFERENCES accounts (id) DEFAULT 1' },
      { sql: 'CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b UNIQUE' },
    ],
    good: [
      { sql: "ALTER TABLE orders ADD COLUMN ref TEXT NOT NULL DEFAULT ''" },
      { sql: 'ALTER TABLE orders ADD COLUMN fee REAL DEFAULT (-1.5)' },
      { sql: 'ALTER TABLE orders ADD COLUMN total REAL AS (price * quantity)' },
      { sql: 'ALTER TABLE orders ADD COLUMN account_id INTEGER REFERENCES accounts (id)' },
      { sql: 'CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b NOT NULL' },
      { sql: 'CREATE TABLE t (a UNIQUE, b DEFAULT CURRENT_TIMESTAMP)' },
    ],
  },
};

interface Fault {
  what: string;
  instead(table: string, column: string): string;
}

function always({ unique, primaryKey }: ColumnSpec): Fault | undefined {
  if (primaryKey) return { what: 'a PRIMARY KEY column', instead: rebuild };
  if (!unique) return undefined;
  const instead = (table: string, column: string) =>
    `Add it without UNIQUE, then: CREATE UNIQUE INDEX ${table}_${column} ON ${table} (${column});`;
  return { what: 'a UNIQUE column', instead };
}

function withRows(column: ColumnSpec): Fault | undefined {
  if (column.generated === 'stored') return { what: 'a STORED column on a table with rows', instead: virtual };
  if (column.generated !== undefined) return undefined;
  if (column.default === 'volatile') {
    return { what: 'a default that is not a constant, on a table with rows', instead: fillAfterwards };
  }
  if (column.notNull && column.default === undefined) {
    return { what: 'NOT NULL without a default, on a table with rows', instead: withDefault };
  }
  if (column.references !== undefined && column.default !== undefined) {
    return { what: 'a reference with a default, with foreign keys on', instead: fillAfterwards };
  }
  return undefined;
}

function rebuild(table: string, column: string): string {
  return `In a .ts migration queryInterface.addColumn('${table}', '${column}', …) rebuilds the table, with every row.`;
}

function virtual(table: string, column: string): string {
  return `ALTER TABLE ${table} ADD COLUMN ${column} … GENERATED ALWAYS AS (…) VIRTUAL; it can be indexed too.`;
}

function withDefault(table: string, column: string): string {
  return `ALTER TABLE ${table} ADD COLUMN ${column} … NOT NULL DEFAULT …; with a constant. Or nullable, filled in batches.`;
}

function fillAfterwards(table: string, column: string): string {
  return `Add it without the default, then fill it: UPDATE ${table} SET ${column} = … WHERE ${column} IS NULL; and have the application write it from then on.`;
}
