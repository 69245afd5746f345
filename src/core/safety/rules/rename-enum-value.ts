import { onAction, POSTGRES, type Rule } from '../rule.ts';
import { makesType } from '../rule-helpers.ts';

export const renameEnumValue: Rule = {
  id: 'rename-enum-value',
  topic: 'compatibility',
  title: 'A value of an enum is renamed.',
  why: 'Running versions of the application write and compare the old value, which PostgreSQL then refuses.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('renameEnumValue', ({ type, value }, place) =>
    makesType(place, type)
      ? undefined
      : {
          message: `Renames value ${value} of ${type}: running versions of the application still use ${value}.`,
          advice: `Add the new value as well (ALTER TYPE ${type} ADD VALUE …). Deploy a version that writes it and reads both, then change the rows in batches. The old value may stay.`,
        },
  ),
  examples: {
    bad: [{ sql: "ALTER TYPE order_state RENAME VALUE 'open' TO 'working'" }],
    good: [
      { sql: "CREATE TYPE order_state AS ENUM ('open'); ALTER TYPE order_state RENAME VALUE 'open' TO 'working'" },
      { sql: "ALTER TYPE order_state ADD VALUE IF NOT EXISTS 'working'", transaction: false },
    ],
  },
};
