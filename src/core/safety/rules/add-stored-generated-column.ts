import { tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

const VIRTUAL_SINCE = 180000;

export const addStoredGeneratedColumn: Rule = {
  id: 'add-stored-generated-column',
  topic: 'locks',
  title: 'A stored generated column is added to a table in use.',
  why: 'The value is computed and stored for every row, so the table is rewritten under an ACCESS EXCLUSIVE lock. All reads and writes are blocked until it finishes. PostgreSQL 18 and later also have virtual generated columns, which are computed when they are read.',
  dialects: POSTGRES,
  severity: 'error',
  since: 120000,
  check: onTableInUse('addColumn', ({ table, column }, { server }) => {
    if (column.generated !== 'stored') return undefined;
    const [target, name] = [spellTable(table), quoteName(column.name)];
    const virtual =
      server.version >= VIRTUAL_SINCE
        ? `ALTER TABLE ${target} ADD COLUMN ${name} ${column.type} GENERATED ALWAYS AS (…) VIRTUAL; or a plain column: `
        : '';
    return {
      message: `Adds ${tableName(table)}.${column.name}, computed and stored for every row: the table is rewritten, and all reads and writes are blocked until it finishes.`,
      advice: `${virtual}ALTER TABLE ${target} ADD COLUMN ${name} ${column.type}; fill new rows by a BEFORE INSERT OR UPDATE trigger and old ones in batches in the next migration.`,
    };
  }),
  examples: {
    bad: [
      {
        sql: 'ALTER TABLE orders ADD COLUMN notional numeric GENERATED ALWAYS AS (price * quantity) STORED',
        version: 150000,
      },
      { sql: 'ALTER TABLE orders ADD COLUMN notional numeric GENERATED ALWAYS AS (price * quantity) STORED' },
    ],
    good: [
      {
        sql: 'ALTER TABLE orders ADD COLUMN notional numeric GENERATED ALWAYS AS (price * quantity) VIRTUAL',
        version: 180000,
      },
      { sql: 'ALTER TABLE orders ADD COLUMN notional numeric' },
      {
        sql: 'CREATE TABLE fills (p numeric); ALTER TABLE fills ADD COLUMN q numeric GENERATED ALWAYS AS (p * 2) STORED',
      },
    ],
  },
};
