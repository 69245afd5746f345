import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';
import { spellTable } from '../spell.ts';

export const setLogged: Rule = {
  id: 'set-logged',
  topic: 'locks',
  title: 'A table is made LOGGED or UNLOGGED.',
  why: 'Both write the whole table anew under an ACCESS EXCLUSIVE lock: nobody can use it until it is done, and making it LOGGED writes all of it into the WAL too. What is UNLOGGED is empty after a crash and is not there on replicas.',
  dialects: POSTGRES,
  severity: 'error',
  check: each(['setLogged', 'setUnlogged'], ({ kind, table }, { isNew }) => {
    if (isNew(table)) return undefined;
    const to = kind === 'setLogged' ? 'LOGGED' : 'UNLOGGED';
    const crash = kind === 'setLogged' ? '' : ' It is empty after a crash from then on.';
    return {
      message: `Writes ${tableName(table)} anew to make it ${to}; nobody can use it meanwhile.${crash}`,
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
