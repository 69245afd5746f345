import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const addRequiredColumn: Rule = {
  id: 'add-required-column',
  topic: 'data',
  title: 'A NOT NULL column without a default is added.',
  why: 'PostgreSQL refuses it if the table has any row, and inserts from running versions of the application that do not know the column fail. Add the column with a default, or add it nullable and fill it first.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('addColumn', ({ table, column }) => {
    const required = column.notNull || column.primaryKey;
    if (!required || column.default !== undefined || column.identity || column.generated !== undefined)
      return undefined;
    const name = `${tableName(table)}.${column.name}`;
    return {
      message: `Adds ${name} as NOT NULL without a default: this fails on a table with rows, and later inserts that omit the column fail.`,
      advice: `ALTER TABLE ${tableName(table)} ADD COLUMN ${column.name} ${column.type} NOT NULL DEFAULT …; or add it nullable, fill it in batches, then set NOT NULL behind a validated CHECK.`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD COLUMN source text NOT NULL' },
      { sql: 'ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT NULL' },
    ],
    good: [
      { sql: "ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT 'app'" },
      { sql: 'ALTER TABLE orders ADD COLUMN source text' },
      { sql: 'CREATE TABLE orders (id bigint); ALTER TABLE orders ADD COLUMN source text NOT NULL' },
    ],
  },
};
