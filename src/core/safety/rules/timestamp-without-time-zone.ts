import { eachColumnOf } from '../columns.ts';
import { POSTGRES, type Rule } from '../rule.ts';

export const timestampWithoutTimeZone: Rule = {
  id: 'timestamp-without-time-zone',
  topic: 'hygiene',
  title: 'A column is a timestamp without time zone.',
  why: 'It keeps what a clock on a wall showed and not when that was: read by a session in another time zone it is another moment, and an hour a year is there twice. timestamptz takes the same eight bytes.',
  dialects: POSTGRES,
  severity: 'notice',
  check: eachColumnOf(
    (type) => /^timestamp(?:\(\d\))?$/.test(type),
    (columns) => ({
      message: `${columns}: a timestamp without time zone does not say when something was.`,
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
