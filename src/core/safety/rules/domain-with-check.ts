import { each, POSTGRES, type Rule } from '../rule.ts';

export const domainWithCheck: Rule = {
  id: 'domain-with-check',
  topic: 'locks',
  title: 'A domain with a CHECK.',
  why: 'A check of a column is replaced while everybody works. One of a domain is not: whatever changes it reads every table that has such a column, with all of them locked against writers, and adding a column of the domain with a default writes the table anew.',
  dialects: POSTGRES,
  severity: 'notice',
  check: each('createDomain', ({ name, check }) =>
    check
      ? {
          message: `The check of ${name} cannot be changed later without locking every table that uses it.`,
          advice:
            'Give the column the plain type and a check of its own: ALTER TABLE … ADD CONSTRAINT … CHECK (…) NOT VALID;',
        }
      : undefined,
  ),
  examples: {
    bad: [{ sql: 'CREATE DOMAIN price AS numeric CHECK (value > 0)' }],
    good: [{ sql: 'CREATE DOMAIN price AS numeric' }, { sql: 'CREATE TABLE fills (price numeric CHECK (price > 0))' }],
  },
};
