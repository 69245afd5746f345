import { each, POSTGRES, type Rule } from '../rule.ts';

export const dropDatabase: Rule = {
  id: 'drop-database',
  topic: 'data',
  title: 'A database is dropped.',
  why: 'No migration of one database has a reason to drop another, and PostgreSQL refuses to drop the one it is connected to.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('dropDatabase', ({ name }) => ({
    message: `Drops database ${name} with everything in it.`,
    advice: `Take it out of the migration. Whoever may drop databases does it by hand, after a backup: dropdb ${name}`,
  })),
  examples: {
    bad: [{ sql: 'DROP DATABASE trading', transaction: false }],
    good: [{ sql: "COMMENT ON DATABASE trading IS 'orders and fills'" }],
  },
};
