import { onAction, POSTGRES, type Rule } from '../rule.ts';

const REPORTED = new Set(['sequence', 'type', 'domain', 'extension']);

export const dropObject: Rule = {
  id: 'drop-object',
  topic: 'compatibility',
  title: 'A type, domain, sequence or extension is dropped.',
  why: 'Queries of running versions of the application may use it: a cast to the type, nextval of the sequence, a function of the extension. PostgreSQL knows what depends on it in the database, but not what depends on it in the application.',
  dialects: POSTGRES,
  severity: 'notice',
  check: onAction('dropObject', ({ what, name }) =>
    REPORTED.has(what)
      ? {
          message: `Drops ${what} ${name}${what === 'sequence' ? ' with its counter' : ''}.`,
          advice: `Search the application's queries for ${name}, and drop it only when no running version uses it.`,
        }
      : undefined,
  ),
  examples: {
    bad: [
      { sql: 'DROP TYPE order_state' },
      { sql: 'DROP SEQUENCE order_numbers' },
      { sql: 'DROP DOMAIN price' },
      { sql: 'DROP EXTENSION IF EXISTS hstore' },
    ],
    good: [{ sql: 'DROP FUNCTION total(bigint)' }, { sql: 'CREATE SEQUENCE order_numbers' }],
  },
};
