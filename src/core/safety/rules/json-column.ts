import { eachColumnOf } from '../columns.ts';
import { POSTGRES, type Rule } from '../rule.ts';

export const jsonColumn: Rule = {
  id: 'json-column',
  topic: 'style',
  title: 'A column is json and not jsonb.',
  why: 'json has no equality operator: SELECT DISTINCT, GROUP BY and UNION over a row with such a column fail, and its content cannot be indexed. It is parsed again at every read.',
  dialects: POSTGRES,
  severity: 'notice',
  check: eachColumnOf(
    (type) => type === 'json',
    (columns) => ({
      message: `${columns}: json cannot be compared or indexed.`,
      advice: 'Use jsonb. Keep json only if the exact text must be preserved, including spaces and duplicate keys.',
    }),
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE signals (id bigint, body json)' },
      { sql: 'ALTER TABLE signals ADD COLUMN body json' },
      { sql: 'ALTER TABLE signals ALTER COLUMN body TYPE json USING body::json' },
    ],
    good: [{ sql: 'CREATE TABLE signals (id bigint, body jsonb)' }, { sql: 'CREATE TEMP TABLE lines (body json)' }],
  },
};
