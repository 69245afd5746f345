import { ignoresOf } from '../ignore.ts';
import { BOTH, type Rule, whole } from '../rule.ts';

export const ignoreWithoutReason: Rule = {
  id: 'ignore-without-reason',
  topic: 'hygiene',
  title: 'A comment turns a rule off and does not say why.',
  why: 'Who reads it in a year has to know whether the reason still holds. Without one the comment turns nothing off.',
  dialects: BOTH,
  severity: 'error',
  check: whole(({ migration }) =>
    ignoresOf(migration).flatMap(({ rule, why, statement }) =>
      why === ''
        ? {
            statement,
            message: `"db-manager:ignore ${rule}" gives no reason, so ${rule} is not ignored.`,
            advice: `Write the reason behind it: -- db-manager:ignore ${rule} nobody reads it since release 12`,
          }
        : [],
    ),
  ),
  examples: {
    bad: [
      { sql: '-- db-manager:ignore drop-table\nDROP TABLE orders' },
      { sql: '-- db-manager:ignore drop-table\nDROP TABLE orders', dialect: 'sqlite' },
    ],
    good: [{ sql: '-- db-manager:ignore drop-table nobody reads it since release 12\nDROP TABLE orders' }],
  },
};
