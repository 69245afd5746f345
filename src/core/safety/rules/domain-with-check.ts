import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const domainWithCheck: Rule = {
  id: 'domain-with-check',
  topic: 'locks',
  title: 'A domain with a CHECK.',
  why: 'The CHECK of a column can be replaced without blocking reads or writes. The CHECK of a domain cannot: every change scans all tables with such a column while writes to them are blocked. Adding a column of the domain with a default rewrites the table.',
  dialects: POSTGRES,
  severity: 'notice',
  check: onAction('createDomain', ({ name, check }) =>
    check
      ? {
          message: `The check of ${name} cannot be changed later without locking every table that uses it.`,
          advice:
            'Give the column the base type and a CHECK of its own: ALTER TABLE … ADD CONSTRAINT … CHECK (…) NOT VALID;',
        }
      : undefined,
  ),
  examples: {
    bad: [{ sql: 'CREATE DOMAIN price AS numeric CHECK (value > 0)' }],
    good: [{ sql: 'CREATE DOMAIN price AS numeric' }, { sql: 'CREATE TABLE fills (price numeric CHECK (price > 0))' }],
  },
};
