import { tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const volatileDefault: Rule = {
  id: 'volatile-default',
  topic: 'locks',
  title: 'A column is added with a volatile default.',
  why: 'A constant default, or now(), is stored in the catalogue and costs nothing. A default that must be computed for each row, such as gen_random_uuid(), rewrites the table under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. For an unknown function the severity is warning.',
  dialects: POSTGRES,
  severity: 'error',
  since: 110000,
  check: onTableInUse('addColumn', ({ table, column }) => {
    const serial = /^(?:small|big)?serial$/.test(column.type);
    if (column.default === undefined || column.default === 'constant' || serial) return undefined;
    const unknown = column.default === 'unknown';
    const [target, name] = [spellTable(table), quoteName(column.name)];
    return {
      ...(unknown ? { severity: 'warning' as const } : {}),
      message: unknown
        ? `Adds ${tableName(table)}.${column.name} with a default from a function: unless the function is STABLE or IMMUTABLE, the table is rewritten, and all reads and writes are blocked until it finishes.`
        : `Adds ${tableName(table)}.${column.name} with a volatile default: the table is rewritten, and all reads and writes are blocked until it finishes.`,
      advice: `ALTER TABLE ${target} ADD COLUMN ${name} ${column.type}; ALTER TABLE ${target} ALTER COLUMN ${name} SET DEFAULT …; and in the next migration, in batches: UPDATE ${target} SET ${name} = … WHERE id BETWEEN …`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD COLUMN key uuid DEFAULT gen_random_uuid()' },
      { sql: 'ALTER TABLE orders ADD COLUMN seen_at timestamptz NOT NULL DEFAULT clock_timestamp()' },
      { sql: 'ALTER TABLE orders ADD COLUMN code text DEFAULT app.next_code()' },
      { sql: 'ALTER TABLE orders ADD COLUMN place integer DEFAULT (floor(random() * 10))::integer' },
    ],
    good: [
      { sql: "ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT 'app'" },
      { sql: 'ALTER TABLE orders ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now()' },
      {
        sql: 'ALTER TABLE orders ADD COLUMN key uuid; ALTER TABLE orders ALTER COLUMN key SET DEFAULT gen_random_uuid()',
      },
      { sql: 'CREATE TABLE fills (id bigint); ALTER TABLE fills ADD COLUMN key uuid DEFAULT gen_random_uuid()' },
    ],
  },
};
