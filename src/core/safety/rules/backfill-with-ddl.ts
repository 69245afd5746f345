import { type Action, type ActionKind, tableName } from '../action.ts';
import { each, POSTGRES, type Rule, type Seen } from '../rule.ts';

export const backfillWithDdl: Rule = {
  id: 'backfill-with-ddl',
  topic: 'data',
  title: 'Rows are written in the same transaction as a change of the schema.',
  why: 'ALTER TABLE takes an ACCESS EXCLUSIVE lock and keeps it until the transaction ends, so nobody can read the table for as long as the rows take. In a migration of its own the change is a matter of milliseconds, and the rows are written under row locks.',
  dialects: POSTGRES,
  severity: 'warning',
  check: each(['update', 'delete', 'insert'], (action, { before, migration, isNew }) => {
    if (!migration.transactional || isNew(action.table)) return undefined;
    if (action.kind === 'insert' && !action.fromSelect) return undefined;
    const held = before.find(holds);
    if (held === undefined) return undefined;
    return {
      message: `Writes rows of ${tableName(action.table)} while ${nameOf(held.action)} is still locked against everybody by an earlier statement of this migration.`,
      advice: 'Move it to a migration of its own, behind this one; for many rows outside a transaction and in batches.',
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

/** Those that lock the table against readers. */
const EXCLUSIVE: ReadonlySet<ActionKind> = new Set([
  'addColumn',
  'dropColumn',
  'alterType',
  'setNotNull',
  'dropNotNull',
  'setDefault',
  'addConstraint',
  'dropConstraint',
  'renameTable',
  'renameColumn',
  'setSchema',
  'setLogged',
  'setUnlogged',
  'setTablespace',
  'truncate',
  'attachPartition',
]);

function holds({ action, fresh }: Seen): boolean {
  if (action.kind === 'addConstraint' && action.constraint === 'foreign key') return false;
  return !fresh && EXCLUSIVE.has(action.kind);
}

function nameOf(action: Action): string {
  return 'table' in action && action.table !== undefined ? tableName(action.table) : 'a table';
}
