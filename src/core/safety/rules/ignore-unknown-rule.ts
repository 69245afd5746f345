import { ignoresOf } from '../ignore.ts';
import { BOTH, type Rule, whole } from '../rule.ts';
import { nearest } from '../unknown-ids.ts';

export const ignoreUnknownRule: Rule = {
  id: 'ignore-unknown-rule',
  topic: 'hygiene',
  title: 'A comment turns off a rule that does not exist.',
  why: 'A typing error turns nothing off, or hides that the rule it spoke of has gone.',
  dialects: BOTH,
  severity: 'error',
  check: whole(({ migration, ruleIds }) =>
    ignoresOf(migration).flatMap(({ rule, statement }) => {
      if (ruleIds.has(rule)) return [];
      const near = nearest(rule, [...ruleIds]);
      return {
        statement,
        message: `"db-manager:ignore ${rule}" names no rule.${near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`}`,
        advice: 'Take it out, or name the rule as the finding does. All rules: docs/rules/README.md',
      };
    }),
  ),
  examples: {
    bad: [
      { sql: '-- db-manager:ignore drop-tabel nobody reads it\nDROP TABLE orders' },
      { sql: '-- db-manager:ignore drop-tabel nobody reads it\nDROP TABLE orders', dialect: 'sqlite' },
    ],
    good: [{ sql: '-- db-manager:ignore ignore-unknown-rule for its own sake\nCREATE TABLE orders (id bigint)' }],
  },
};
