import { ignoresOf } from '../ignore.ts';
import { BOTH, onMigration, type Rule } from '../rule.ts';

export const ignoreWithoutReason: Rule = {
  id: 'ignore-without-reason',
  topic: 'style',
  title: 'A comment ignores a rule without a reason.',
  why: 'A later reader must be able to judge whether the reason still holds. A comment without a reason ignores nothing.',
  dialects: BOTH,
  severity: 'error',
  check: onMigration(({ migration }) =>
    ignoresOf(migration).flatMap(({ rule, why, statement }) =>
      why === ''
        ? {
            statement,
            message: `"db-manager:ignore ${rule}" gives no reason, so ${rule} is not ignored.`,
            advice: `Add the reason after the rule id: -- db-manager:ignore ${rule} unused since release 12`,
          }
        : [],
    ),
  ),
  examples: {
    bad: [
      { sql: '-- db-manager:ignore drop-table\nDROP TABLE orders' },
      { sql: '-- db-manager:ignore drop-table\nDROP TABLE orders', dialect: 'sqlite' },
    ],
    good: [{ sql: '-- db-manager:ignore drop-table unused since release 12\nDROP TABLE orders' }],
  },
};
