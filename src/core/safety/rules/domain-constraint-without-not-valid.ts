import { onAction, POSTGRES, type Rule } from '../rule.ts';
import { earlier } from '../rule-helpers.ts';

export const domainConstraintWithoutNotValid: Rule = {
  id: 'domain-constraint-without-not-valid',
  topic: 'locks',
  title: 'A constraint is added to a domain without NOT VALID.',
  why: 'Every table with a column of the domain is scanned, under a SHARE lock on all of them: writes are blocked until it finishes. With NOT VALID only new values are checked and no table is scanned. ALTER DOMAIN … VALIDATE CONSTRAINT scans them later; up to PostgreSQL 18 it blocks writes too, so run it when there are few.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('addDomainConstraint', ({ name, notValid }, place) => {
    if (notValid || earlier(place, 'createDomain').some((made) => made.name === name)) return undefined;
    return {
      message: `Scans every table that has a column of the domain ${name}; writes to them are blocked until it finishes.`,
      advice: `ALTER DOMAIN ${name} ADD CONSTRAINT … CHECK (…) NOT VALID; and at a time of few writes: ALTER DOMAIN ${name} VALIDATE CONSTRAINT …;`,
    };
  }),
  examples: {
    bad: [{ sql: 'ALTER DOMAIN price ADD CONSTRAINT positive CHECK (value > 0)' }],
    good: [
      { sql: 'ALTER DOMAIN price ADD CONSTRAINT positive CHECK (value > 0) NOT VALID' },
      { sql: 'CREATE DOMAIN price AS numeric; ALTER DOMAIN price ADD CONSTRAINT positive CHECK (value > 0)' },
    ],
  },
};
