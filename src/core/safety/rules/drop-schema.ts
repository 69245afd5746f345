import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const dropSchema: Rule = {
  id: 'drop-schema',
  topic: 'data',
  title: 'A schema is dropped.',
  why: 'With CASCADE everything in the schema is dropped: tables with their rows, and objects of other schemas that depend on them. Drop its objects by name, so that each loss can be seen, then drop the empty schema without CASCADE.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('dropSchema', ({ name, cascade }) => ({
    message: cascade ? `Drops schema ${name} and everything in it.` : `Drops schema ${name}.`,
    advice: `Drop its tables by name in a migration of their own, then: DROP SCHEMA ${name} RESTRICT; and state why: -- db-manager:ignore drop-schema <why>`,
    ...(cascade ? {} : { severity: 'warning' }),
  })),
  examples: {
    bad: [{ sql: 'DROP SCHEMA billing CASCADE' }, { sql: 'DROP SCHEMA IF EXISTS billing' }],
    good: [{ sql: 'CREATE SCHEMA billing' }],
  },
};
