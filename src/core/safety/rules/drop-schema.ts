import { each, POSTGRES, type Rule } from '../rule.ts';

export const dropSchema: Rule = {
  id: 'drop-schema',
  topic: 'data',
  title: 'A schema is dropped.',
  why: 'With CASCADE everything in it goes: tables with their rows, and what other schemas have that depends on them. Drop what is in it by name, so that each loss can be seen, then the empty schema without CASCADE.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('dropSchema', ({ name, cascade }) => ({
    message: cascade ? `Drops schema ${name} and everything in it.` : `Drops schema ${name}.`,
    advice: `Drop its tables by name in a migration of their own, then: DROP SCHEMA ${name} RESTRICT; and say why it may go: -- db-manager:ignore drop-schema <why>`,
    ...(cascade ? {} : { severity: 'warning' }),
  })),
  examples: {
    bad: [{ sql: 'DROP SCHEMA billing CASCADE' }, { sql: 'DROP SCHEMA IF EXISTS billing' }],
    good: [{ sql: 'CREATE SCHEMA billing' }],
  },
};
