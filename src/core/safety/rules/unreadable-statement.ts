import { BOTH, onMigration, type Rule } from '../rule.ts';

export const unreadableStatement: Rule = {
  id: 'unreadable-statement',
  topic: 'style',
  title: 'A statement that cannot be parsed.',
  why: 'The database will refuse it, or it is newer than the parser. In both cases no rule can check it.',
  dialects: BOTH,
  severity: 'warning',
  check: onMigration(({ migration }) =>
    migration.statements
      .filter(({ actions }) => actions === undefined)
      .map((statement) => ({
        statement,
        message: `Cannot be parsed${statement.unread === undefined ? '' : `: ${statement.unread}`}. No rule has checked it.`,
        advice:
          'Correct it. If the database accepts it, state that it was reviewed: -- db-manager:ignore unreadable-statement <why>',
      })),
  ),
  examples: {
    bad: [
      { sql: 'ALTER TABEL orders ADD COLUMN note text' },
      { sql: 'ALTER TABLE orders ALTER COLUMN note TYPE text', dialect: 'sqlite' },
    ],
    good: [{ sql: 'ALTER TABLE orders ADD COLUMN note text' }, { sql: 'ANALYZE', dialect: 'sqlite' }],
  },
};
