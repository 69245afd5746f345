import { earlier } from '../around.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const domainConstraintWithoutNotValid: Rule = {
  id: 'domain-constraint-without-not-valid',
  topic: 'locks',
  title: 'A constraint is added to a domain without NOT VALID.',
  why: 'Every table that has a column of the domain is read, under a SHARE lock on all of them: nobody can write to any until it is done. With NOT VALID new values are checked from now on and no table is read; ALTER DOMAIN … VALIDATE CONSTRAINT reads them later, and up to PostgreSQL 18 it keeps writers out as well, so do it when there are few.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('addDomainConstraint', ({ name, notValid }, place) => {
    if (notValid || earlier(place, 'createDomain').some((made) => made.name === name)) return undefined;
    return {
      message: `Reads every table that has a column of the domain ${name}; nobody can write to them until it is done.`,
      advice: `ALTER DOMAIN ${name} ADD CONSTRAINT … CHECK (…) NOT VALID; and when few are writing: ALTER DOMAIN ${name} VALIDATE CONSTRAINT …;`,
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
