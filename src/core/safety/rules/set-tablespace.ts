import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const setTablespace: Rule = {
  id: 'set-tablespace',
  topic: 'locks',
  title: 'A table is moved to another tablespace or access method.',
  why: 'The whole table is copied under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse(['setTablespace', 'setAccessMethod'], ({ kind, table }) => {
    const name = tableName(table);
    return kind === 'setTablespace'
      ? {
          message: `Copies ${name} to another tablespace: all reads and writes are blocked until it finishes.`,
          advice: `pg_repack --table ${name} --tablespace <tablespace> moves it without blocking reads or writes.`,
        }
      : {
          message: `Rewrites ${name} for another access method: all reads and writes are blocked until it finishes.`,
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
