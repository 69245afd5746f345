import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const exclusionConstraint: Rule = {
  id: 'exclusion-constraint',
  topic: 'locks',
  title: 'An exclusion constraint is added to a table in use.',
  why: 'PostgreSQL builds its index under an ACCESS EXCLUSIVE lock and has no way to do it concurrently or to add it NOT VALID: nobody can read or write the table until it is done.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('addConstraint', ({ table, constraint }, { isNew }) => {
    if (constraint !== 'exclusion' || isNew(table)) return undefined;
    const name = tableName(table);
    return {
      message: `Builds an index on ${name} and looks for overlaps: nobody can read or write the table until it is done.`,
      advice: `Make a new table with the constraint, copy the rows in batches and switch over. Where ${name} is small or nobody works: -- db-manager:ignore exclusion-constraint <why>`,
    };
  }),
  examples: {
    bad: [{ sql: 'ALTER TABLE windows ADD CONSTRAINT no_overlap EXCLUDE USING gist (period WITH &&)' }],
    good: [
      { sql: 'CREATE TABLE windows (period tstzrange, EXCLUDE USING gist (period WITH &&))' },
      {
        sql: `CREATE TABLE windows (period tstzrange);
              ALTER TABLE windows ADD CONSTRAINT no_overlap EXCLUDE USING gist (period WITH &&)`,
      },
    ],
  },
};
