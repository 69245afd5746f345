import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const cluster: Rule = {
  id: 'cluster',
  topic: 'locks',
  title: 'CLUSTER rewrites the table.',
  why: 'CLUSTER rewrites the whole table in the order of an index, under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. The order is not kept for rows that are inserted later. pg_repack does the same without blocking reads or writes.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('cluster', ({ table }) => {
    const name = table === undefined ? 'every clustered table' : tableName(table);
    return {
      message: `Rewrites ${name}: all reads and writes are blocked until it finishes.`,
      advice: `pg_repack${table === undefined ? '' : ` --table ${name}`} --order-by <columns>`,
    };
  }),
  examples: {
    bad: [{ sql: 'CLUSTER orders USING orders_pkey' }, { sql: 'CLUSTER', transaction: false }],
    good: [
      { sql: 'CREATE TABLE fills (id bigint PRIMARY KEY); CLUSTER fills USING fills_pkey' },
      { sql: 'ALTER TABLE orders CLUSTER ON orders_pkey' },
    ],
  },
};
