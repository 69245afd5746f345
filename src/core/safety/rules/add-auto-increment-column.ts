import { tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const addAutoIncrementColumn: Rule = {
  id: 'add-auto-increment-column',
  topic: 'locks',
  title: 'A serial or identity column is added to a table in use.',
  why: 'PostgreSQL assigns a number to every row, so the whole table is rewritten under an ACCESS EXCLUSIVE lock. All reads and writes are blocked until the rewrite finishes.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('addColumn', ({ table, column }) => {
    const serial = /^(?:small|big)?serial$/.test(column.type);
    if (!(serial || column.identity)) return undefined;
    const [target, name] = [spellTable(table), quoteName(column.name)];
    const sequence = spellTable({ ...table, name: `${table.name}_${column.name}_seq` });
    return {
      message: `Adds ${tableName(table)}.${column.name}, which numbers every row: the table is rewritten, and all reads and writes are blocked until it finishes.`,
      advice: `CREATE SEQUENCE ${sequence}; ALTER TABLE ${target} ADD COLUMN ${name} bigint; ALTER TABLE ${target} ALTER COLUMN ${name} SET DEFAULT nextval('${sequence}'); and in the next migration, in batches: UPDATE ${target} SET ${name} = DEFAULT WHERE ${name} IS NULL AND id BETWEEN …`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD COLUMN number bigserial' },
      { sql: 'ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY' },
    ],
    good: [
      {
        sql: `CREATE SEQUENCE orders_number_seq; ALTER TABLE orders ADD COLUMN number bigint;
              ALTER TABLE orders ALTER COLUMN number SET DEFAULT nextval('orders_number_seq')`,
      },
      { sql: 'CREATE TABLE fills (ref text); ALTER TABLE fills ADD COLUMN id bigserial' },
    ],
  },
};
