import { tableName } from '../action.ts';
import { spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const setLogged: Rule = {
  id: 'set-logged',
  topic: 'locks',
  title: 'A table is changed to LOGGED or UNLOGGED.',
  why: 'Both rewrite the whole table under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. SET LOGGED also writes the whole table to the WAL. An UNLOGGED table is empty after a crash and is not replicated.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse(['setLogged', 'setUnlogged'], ({ kind, table }) => {
    const to = kind === 'setLogged' ? 'LOGGED' : 'UNLOGGED';
    const crash = kind === 'setLogged' ? '' : ' It will be empty after a crash.';
    return {
      message: `Rewrites ${tableName(table)} to make it ${to}: all reads and writes are blocked until it finishes.${crash}`,
      advice: `CREATE ${kind === 'setLogged' ? '' : 'UNLOGGED '}TABLE <new> (LIKE ${spellTable(table)} INCLUDING ALL); copy the rows in batches and switch over.`,
    };
  }),
  examples: {
    bad: [{ sql: 'ALTER TABLE quotes SET LOGGED' }, { sql: 'ALTER TABLE quotes SET UNLOGGED' }],
    good: [
      { sql: 'CREATE UNLOGGED TABLE quotes (at timestamptz)' },
      { sql: 'CREATE UNLOGGED TABLE quotes (at timestamptz); ALTER TABLE quotes SET LOGGED' },
    ],
  },
};
