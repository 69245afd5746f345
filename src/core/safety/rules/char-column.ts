import { eachColumnOf } from '../columns.ts';
import { POSTGRES, type Rule } from '../rule.ts';

export const charColumn: Rule = {
  id: 'char-column',
  topic: 'hygiene',
  title: 'A column is char(n).',
  why: "It is filled up with spaces, which then count in some comparisons and not in others, and it saves nothing: PostgreSQL's manual calls it the slowest of the three.",
  dialects: POSTGRES,
  severity: 'notice',
  check: eachColumnOf(
    (type) => /^char\(\d+\)$/.test(type),
    (columns) => ({
      message: `${columns}: char(n) is filled up with spaces.`,
      advice: 'Use text, with a CHECK on its length where there is one: CHECK (length(code) = 3)',
    }),
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE currencies (code char(3))' },
      { sql: 'ALTER TABLE currencies ADD COLUMN sign character' },
    ],
    good: [{ sql: 'CREATE TABLE currencies (code text CHECK (length(code) = 3))' }],
  },
};
