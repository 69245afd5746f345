import { tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule } from '../rule.ts';

export const unbatchedBackfill: Rule = {
  id: 'unbatched-backfill',
  topic: 'data',
  title: 'UPDATE of a whole table in one statement.',
  why: 'On PostgreSQL every row is locked until the end, every row gets a second version that has to be vacuumed, and replicas lag. On SQLite all other writers are blocked. Batches by key keep each transaction short, and an interrupted run can continue.',
  dialects: BOTH,
  severity: 'warning',
  check: onTableInUse('update', ({ table, filtered }) => {
    if (filtered) return undefined;
    const name = tableName(table);
    return {
      message: `Writes every row of ${name} in one statement.`,
      advice: `Fill it in batches, in a migration outside a transaction: UPDATE ${name} SET … WHERE id BETWEEN 1 AND 10000; and so on. If the table stays small: -- db-manager:ignore unbatched-backfill <why>`,
    };
  }),
  examples: {
    bad: [
      { sql: 'UPDATE orders SET notional = price * quantity' },
      { sql: 'UPDATE orders SET notional = price * quantity', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'UPDATE orders SET notional = price * quantity WHERE id BETWEEN 1 AND 10000' },
      { sql: 'CREATE TABLE kinds (id bigint, name text); UPDATE kinds SET name = lower(name)' },
      { sql: "UPDATE orders SET note = NULL WHERE note = ''", dialect: 'sqlite' },
    ],
  },
};
