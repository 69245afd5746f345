import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const addRequiredColumn: Rule = {
  id: 'add-required-column',
  topic: 'data',
  title: 'A NOT NULL column without a default is added.',
  why: 'PostgreSQL refuses it as soon as the table has one row, and running versions of the application that do not know the column can insert no more. Add it with a default, or nullable and filled first.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('addColumn', ({ table, column }, { isNew }) => {
    const required = column.notNull || column.primaryKey;
    if (!required || column.default !== undefined || column.identity || column.generated !== undefined)
      return undefined;
    if (isNew(table)) return undefined;
    const name = `${tableName(table)}.${column.name}`;
    return {
      message: `Adds ${name}, NOT NULL and without a default: it fails on a table with rows, and inserts that do not name the column fail afterwards.`,
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
