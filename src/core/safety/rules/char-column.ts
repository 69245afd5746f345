import { eachColumnOf } from '../columns.ts';
import { POSTGRES, type Rule } from '../rule.ts';

export const charColumn: Rule = {
  id: 'char-column',
  topic: 'style',
  title: 'A column is char(n).',
  why: 'Values are padded with spaces, which count in some comparisons and not in others. It saves nothing: the PostgreSQL manual calls char(n) usually the slowest of the three character types.',
  dialects: POSTGRES,
  severity: 'notice',
  check: eachColumnOf(
    (type) => /^char\(\d+\)$/.test(type),
    (columns) => ({
      message: `${columns}: char(n) pads values with spaces.`,
      advice: 'Use text, with a CHECK on its length if needed: CHECK (length(code) = 3)',
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
