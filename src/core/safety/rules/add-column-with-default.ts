import { tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const addColumnWithDefault: Rule = {
  id: 'add-column-with-default',
  topic: 'locks',
  title: 'A column is added with a default, on PostgreSQL before 11.',
  why: 'These versions rewrite the whole table under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. Since PostgreSQL 11 a default that is the same for every row is stored in the catalogue and costs nothing; for other defaults see volatile-default.',
  dialects: POSTGRES,
  severity: 'error',
  until: 110000,
  check: onTableInUse('addColumn', ({ table, column }) => {
    if (column.default === undefined) return undefined;
    const [target, name] = [spellTable(table), quoteName(column.name)];
    return {
      message: `Adds ${tableName(table)}.${column.name} with a default: the table is rewritten, and all reads and writes are blocked until it finishes.`,
      advice: `ALTER TABLE ${target} ADD COLUMN ${name} ${column.type}; ALTER TABLE ${target} ALTER COLUMN ${name} SET DEFAULT …; and in the next migration, in batches: UPDATE ${target} SET ${name} = … WHERE id BETWEEN …`,
    };
  }),
  examples: {
    bad: [{ sql: "ALTER TABLE orders ADD COLUMN source text DEFAULT 'app'" }],
    good: [
      { sql: "ALTER TABLE orders ADD COLUMN source text; ALTER TABLE orders ALTER COLUMN source SET DEFAULT 'app'" },
      { sql: "ALTER TABLE orders ADD COLUMN source text DEFAULT 'app'", version: 110000 },
      { sql: 'ALTER TABLE orders ADD COLUMN source text DEFAULT NULL' },
      { sql: "CREATE TABLE fills (id bigint); ALTER TABLE fills ADD COLUMN source text DEFAULT 'app'" },
    ],
  },
};
