import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const dropDatabase: Rule = {
  id: 'drop-database',
  topic: 'data',
  title: 'A database is dropped.',
  why: 'A migration of one database has no reason to drop another, and PostgreSQL refuses to drop the database that the session is connected to.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('dropDatabase', ({ name }) => ({
    message: `Drops database ${name} with everything in it.`,
    advice: `Remove it from the migration. Drop the database by hand, after a backup: dropdb ${name}`,
  })),
  examples: {
    bad: [{ sql: 'DROP DATABASE trading', transaction: false }],
    good: [{ sql: "COMMENT ON DATABASE trading IS 'orders and fills'" }],
  },
};
