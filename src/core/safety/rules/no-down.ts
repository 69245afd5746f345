import { BOTH, onMigration, type Rule } from '../rule.ts';

export const noDown: Rule = {
  id: 'no-down',
  topic: 'style',
  title: 'A migration without a down.',
  why: 'It cannot be reverted, and neither can any migration before it: a downgrade stops here, and after a failure only the backup is left. Write the down migration while the change is fresh.',
  dialects: BOTH,
  severity: 'notice',
  check: onMigration(({ migration }) =>
    migration.direction === 'up' && !migration.reversible
      ? [
          {
            message: 'This migration has no down.',
            advice:
              'Write one: "-- migrate:down" or export async function down. If there is nothing to undo, write that: SELECT 1; in SQL, a down that does nothing in code.',
          },
        ]
      : [],
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE a (id bigint)', down: null },
      { sql: 'CREATE TABLE a (id bigint)', down: null, dialect: 'sqlite' },
    ],
    good: [{ sql: 'CREATE TABLE a (id bigint)', down: 'DROP TABLE a' }],
  },
};
