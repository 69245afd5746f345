import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const identifierTooLong: Rule = {
  id: 'identifier-too-long',
  topic: 'style',
  title: 'A name is longer than 63 bytes.',
  why: 'PostgreSQL truncates it without an error. A later statement with the full name is truncated in the same way and works, but a tool that compares names does not find it. Two long names with the same beginning become the same name.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction('longName', ({ name }) => ({
    message: `${name} is longer than 63 bytes and will be truncated.`,
    advice: 'Give it a name of at most 63 bytes.',
  })),
  examples: {
    bad: [
      { sql: `CREATE INDEX ${'orders_by_account_and_instrument_and_time_of_placement_and_side_1'} ON orders (a)` },
      { sql: `ALTER TABLE orders ADD COLUMN "${'ß'.repeat(32)}" text` },
    ],
    good: [
      { sql: `CREATE TABLE ${'t'.repeat(63)} (id bigint)` },
      { sql: `SELECT '${'text'.repeat(20)}' -- ${'comment'.repeat(20)}` },
    ],
  },
};
