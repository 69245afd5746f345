import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const vacuumFull: Rule = {
  id: 'vacuum-full',
  topic: 'locks',
  title: 'VACUUM FULL.',
  why: 'It writes the whole table and all its indexes anew under an ACCESS EXCLUSIVE lock, and needs room for both: nobody can use the table until it is done. Plain VACUUM lets everybody work; pg_repack and pg_squeeze give the room back while everybody works.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('vacuumFull', ({ table }, { isNew }) => {
    if (table !== undefined && isNew(table)) return undefined;
    const name = table === undefined ? 'one table after another' : tableName(table);
    return {
      message: `Writes ${name} anew while nobody can use it.`,
      advice: `VACUUM (ANALYZE)${table === undefined ? '' : ` ${name}`}; or, to give the room back: pg_repack${table === undefined ? '' : ` --table ${name}`}`,
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
