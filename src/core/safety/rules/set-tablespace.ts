import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const setTablespace: Rule = {
  id: 'set-tablespace',
  topic: 'locks',
  title: 'A table is moved to another tablespace or access method.',
  why: 'Every block of it is copied under an ACCESS EXCLUSIVE lock: nobody can use the table until it is done.',
  dialects: POSTGRES,
  severity: 'error',
  check: each(['setTablespace', 'setAccessMethod'], ({ kind, table }, { isNew }) => {
    if (isNew(table)) return undefined;
    const name = tableName(table);
    return kind === 'setTablespace'
      ? {
          message: `Copies all of ${name} to another tablespace while nobody can use it.`,
          advice: `pg_repack --table ${name} --tablespace <tablespace> moves it while everybody works.`,
        }
      : {
          message: `Writes ${name} anew for another access method while nobody can use it.`,
          advice: `CREATE TABLE <new> (LIKE ${name} INCLUDING ALL) USING <method>; copy the rows in batches and switch over.`,
        };
  }),
  examples: {
    bad: [{ sql: 'ALTER TABLE orders SET TABLESPACE fast' }, { sql: 'ALTER TABLE orders SET ACCESS METHOD heap' }],
    good: [
      { sql: 'CREATE TABLE fills (id bigint) TABLESPACE fast' },
      { sql: 'CREATE TABLE fills (id bigint); ALTER TABLE fills SET TABLESPACE fast' },
    ],
  },
};
