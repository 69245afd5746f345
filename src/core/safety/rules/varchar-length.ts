import { eachColumnOf } from '../columns.ts';
import { POSTGRES, type Rule } from '../rule.ts';

export const varcharLength: Rule = {
  id: 'varchar-length',
  topic: 'style',
  title: 'A column is varchar with a length.',
  why: 'Reducing the length later scans the table under an ACCESS EXCLUSIVE lock. A CHECK over text gives the same limit and can be changed without it: NOT VALID, then VALIDATE. Speed and space are the same.',
  dialects: POSTGRES,
  severity: 'notice',
  check: eachColumnOf(
    (type) => /^varchar\(\d+\)$/.test(type),
    (columns, { name, type }) => ({
      message: `${columns}: the length can later be reduced only under a lock that blocks all reads and writes.`,
      advice: `${name} text CHECK (length(${name}) <= ${/\d+/.exec(type)?.[0]})`,
    }),
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE accounts (name varchar(100))' },
      { sql: 'ALTER TABLE accounts ADD COLUMN name character varying(100)' },
    ],
    good: [
      { sql: 'CREATE TABLE accounts (name text CHECK (length(name) <= 100))' },
      { sql: 'CREATE TABLE accounts (name varchar)' },
    ],
  },
};
