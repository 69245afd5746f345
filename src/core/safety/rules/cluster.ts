import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const cluster: Rule = {
  id: 'cluster',
  topic: 'locks',
  title: 'CLUSTER.',
  why: 'It writes the whole table anew in the order of an index, under an ACCESS EXCLUSIVE lock: nobody can use the table until it is done. The order is not kept for rows that come later. pg_repack does the same while everybody works.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('cluster', ({ table }, { isNew }) => {
    if (table !== undefined && isNew(table)) return undefined;
    const name = table === undefined ? 'every clustered table' : tableName(table);
    return {
      message: `Writes ${name} anew while nobody can use it.`,
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
