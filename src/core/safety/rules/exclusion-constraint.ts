import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const exclusionConstraint: Rule = {
  id: 'exclusion-constraint',
  topic: 'locks',
  title: 'An exclusion constraint is added to a table in use.',
  why: 'PostgreSQL builds its index under an ACCESS EXCLUSIVE lock and can neither build it concurrently nor add it as NOT VALID: all reads and writes are blocked until it finishes.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('addConstraint', ({ table, constraint }) => {
    if (constraint !== 'exclusion') return undefined;
    const name = tableName(table);
    return {
      message: `Builds an index on ${name} and checks for overlaps: all reads and writes are blocked until it finishes.`,
      advice: `Create a new table with the constraint, copy the rows in batches and switch over. If ${name} is small or the application is stopped: -- db-manager:ignore exclusion-constraint <why>`,
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
