import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const lockTable: Rule = {
  id: 'lock-table',
  topic: 'locks',
  title: 'LOCK TABLE in a mode that others wait for.',
  why: 'The lock is kept until the migration ends, whatever it does meanwhile. Statements take the locks that they need by themselves. ACCESS EXCLUSIVE is what LOCK TABLE takes where no mode is named: readers wait too.',
  dialects: POSTGRES,
  severity: 'warning',
  check: each('lockTable', ({ table, exclusive }, { isNew }) =>
    isNew(table)
      ? undefined
      : {
          message: `Locks ${tableName(table)} until the migration ends: nobody can ${exclusive ? 'read or write it' : 'write to it'}.`,
          advice:
            'Take it out, or name a mode that readers and writers do not wait for: LOCK TABLE … IN SHARE UPDATE EXCLUSIVE MODE; To keep two migrations apart it is not needed: db-manager runs one at a time.',
        },
  ),
  examples: {
    bad: [{ sql: 'LOCK TABLE orders' }, { sql: 'LOCK TABLE orders, fills IN SHARE ROW EXCLUSIVE MODE NOWAIT' }],
    good: [
      { sql: 'LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE' },
      { sql: 'LOCK TABLE orders IN ACCESS SHARE MODE' },
      { sql: 'CREATE TABLE fills (id bigint); LOCK TABLE fills' },
    ],
  },
};
