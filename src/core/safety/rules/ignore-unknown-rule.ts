import { DOCUMENTATION } from '../../model/documentation.ts';
import { ignoresOf } from '../ignore.ts';
import { BOTH, onMigration, type Rule } from '../rule.ts';
import { nearest } from '../unknown-ids.ts';

export const ignoreUnknownRule: Rule = {
  id: 'ignore-unknown-rule',
  topic: 'style',
  title: 'A comment ignores a rule that does not exist.',
  why: 'A misspelled rule id ignores nothing, and an id of a removed rule hides that the rule is gone.',
  dialects: BOTH,
  severity: 'error',
  check: onMigration(({ migration, ruleIds }) =>
    ignoresOf(migration).flatMap(({ rule, statement }) => {
      if (ruleIds.has(rule)) return [];
      const near = nearest(rule, [...ruleIds]);
      return {
        statement,
        message: `"db-manager:ignore ${rule}" does not name an existing rule.${near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`}`,
        advice: `Remove the comment, or use the rule id that the finding shows. List of rules: ${DOCUMENTATION}/reference/rules/README.md`,
      };
    }),
  ),
  examples: {
    bad: [
      { sql: '-- db-manager:ignore drop-tabel unused\nDROP TABLE orders' },
      { sql: '-- db-manager:ignore drop-tabel unused\nDROP TABLE orders', dialect: 'sqlite' },
    ],
    good: [{ sql: '-- db-manager:ignore ignore-unknown-rule for its own sake\nCREATE TABLE orders (id bigint)' }],
  },
};
