import { tableName } from '../action.ts';
import { heldLocks } from '../locks.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const backfillWithDdl: Rule = {
  id: 'backfill-with-ddl',
  topic: 'data',
  title: 'Rows are written in the same transaction as a schema change.',
  why: 'ALTER TABLE takes an ACCESS EXCLUSIVE lock and holds it until the transaction ends, so reads are blocked until all rows are written. In a separate migration, the schema change takes milliseconds, and the rows are written under row locks.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onTableInUse(['update', 'delete', 'insert'], (action, place) => {
    if (action.kind === 'insert' && !action.fromSelect) return undefined;
    // The lock on a dropped table does not matter: the table no longer exists.
    const held = heldLocks(place).find(
      ({ mode, seen }) => mode === 'ACCESS EXCLUSIVE' && seen.action.kind !== 'dropTable',
    );
    if (held === undefined) return undefined;
    return {
      message: `Writes rows of ${tableName(action.table)} while an earlier statement of this migration still holds an exclusive lock on ${tableName(held.table)}.`,
      advice: 'Move it to a separate, later migration; for many rows, run it outside a transaction and in batches.',
    };
  }),
  examples: {
    bad: [
      {
        sql: "ALTER TABLE orders ADD COLUMN source text; UPDATE orders SET source = 'app' WHERE source IS NULL",
      },
      { sql: 'ALTER TABLE orders ADD COLUMN notional numeric; INSERT INTO totals SELECT id, price FROM orders' },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD COLUMN source text' },
      { sql: "UPDATE orders SET source = 'app' WHERE id BETWEEN 1 AND 10000" },
      {
        sql: "ALTER TABLE orders ADD COLUMN source text; UPDATE orders SET source = 'app' WHERE source IS NULL",
        transaction: false,
      },
      { sql: "CREATE TABLE kinds (id bigint, name text); INSERT INTO kinds VALUES (1, 'limit')" },
      { sql: 'CREATE TABLE kinds (id bigint); INSERT INTO kinds SELECT DISTINCT kind FROM orders' },
    ],
  },
};
