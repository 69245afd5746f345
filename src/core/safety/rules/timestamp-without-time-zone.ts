import { eachColumnOf } from '../columns.ts';
import { POSTGRES, type Rule } from '../rule.ts';

export const timestampWithoutTimeZone: Rule = {
  id: 'timestamp-without-time-zone',
  topic: 'style',
  title: 'A column is a timestamp without time zone.',
  why: 'It stores a local date and time, not a moment: a session in another time zone reads a different moment, and one hour per year is ambiguous. timestamptz takes the same eight bytes.',
  dialects: POSTGRES,
  severity: 'notice',
  check: eachColumnOf(
    (type) => /^timestamp(?:\(\d\))?$/.test(type),
    (columns) => ({
      message: `${columns}: a timestamp without time zone does not identify a moment.`,
      advice: 'Use timestamptz.',
    }),
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE orders (placed_at timestamp)' },
      { sql: 'ALTER TABLE orders ADD COLUMN placed_at timestamp(3) without time zone' },
    ],
    good: [
      { sql: 'CREATE TABLE orders (placed_at timestamptz, day date)' },
      { sql: 'ALTER TABLE orders ADD COLUMN placed_at timestamp(3) with time zone' },
    ],
  },
};
