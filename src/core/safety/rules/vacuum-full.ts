import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const vacuumFull: Rule = {
  id: 'vacuum-full',
  topic: 'locks',
  title: 'VACUUM FULL rewrites the table.',
  why: 'VACUUM FULL rewrites the table and all its indexes under an ACCESS EXCLUSIVE lock, and needs disk space for both copies: all reads and writes are blocked until it finishes. Plain VACUUM does not block them; pg_repack and pg_squeeze return the space without blocking reads or writes.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('vacuumFull', ({ table }) => {
    const name = table === undefined ? 'one table after another' : tableName(table);
    return {
      message: `Rewrites ${name}: all reads and writes are blocked until it finishes.`,
      advice: `VACUUM (ANALYZE)${table === undefined ? '' : ` ${name}`}; or, to return the space: pg_repack${table === undefined ? '' : ` --table ${name}`}`,
    };
  }),
  examples: {
    bad: [
      { sql: 'VACUUM FULL orders', transaction: false },
      { sql: 'VACUUM (FULL, ANALYZE) orders', transaction: false },
      { sql: 'VACUUM FULL', transaction: false },
    ],
    good: [
      { sql: 'VACUUM (ANALYZE) orders', transaction: false },
      { sql: 'VACUUM (FULL false) orders', transaction: false },
    ],
  },
};
