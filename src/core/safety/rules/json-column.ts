import { eachColumnOf } from '../columns.ts';
import { POSTGRES, type Rule } from '../rule.ts';

export const jsonColumn: Rule = {
  id: 'json-column',
  topic: 'hygiene',
  title: 'A column is json and not jsonb.',
  why: 'json has no equality: SELECT DISTINCT, GROUP BY and UNION over a row that has such a column fail, and no index can be made over what is in it. It is parsed again at every read.',
  dialects: POSTGRES,
  severity: 'notice',
  check: eachColumnOf(
    (type) => type === 'json',
    (columns) => ({
      message: `${columns}: json cannot be compared or indexed.`,
      advice:
        'Use jsonb; keep json only where the text has to come back as it was written, spaces and doubled keys included.',
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
