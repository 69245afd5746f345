import { type Action, tableName } from '../action.ts';
import { BOTH, type Rule, type Seen, whole } from '../rule.ts';

export const irreversible: Rule = {
  id: 'irreversible',
  topic: 'hygiene',
  title: 'The way back cannot bring back what this takes away.',
  why: 'Its down makes the table, the column or the rule again, without what was in it. Only the backup has the rows, and restoring it loses what was written since.',
  dialects: BOTH,
  severity: 'notice',
  check: whole(({ migration, before }) => {
    if (migration.direction === 'down' || !migration.reversible) return [];
    const lost = [...new Set(before.flatMap(lostBy))];
    if (lost.length === 0) return [];
    return [
      {
        message: `The way back does not bring back ${lost.join(', ')}.`,
        advice:
          'Keep a copy until nobody wants to go back: CREATE TABLE kept_rows AS SELECT …; or count on the backup that db-manager takes before.',
      },
    ];
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders DROP COLUMN note', down: 'ALTER TABLE orders ADD COLUMN note text' },
      { sql: 'DELETE FROM fills WHERE quantity = 0' },
      { sql: "ALTER TYPE order_state ADD VALUE 'expired'", transaction: false },
      { sql: 'DROP TABLE fills', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'ALTER TABLE orders DROP COLUMN note', down: null },
      { sql: 'ALTER TABLE orders ADD COLUMN note text' },
      { sql: 'CREATE TABLE scratch (id bigint); DELETE FROM scratch; DROP TABLE scratch' },
    ],
  },
};

function lostBy({ action, fresh }: Seen): string[] {
  return fresh ? [] : lost(action);
}

function lost(action: Action): string[] {
  switch (action.kind) {
    case 'dropTable':
    case 'truncate':
    case 'delete':
      return [`the rows of ${tableName(action.table)}`];
    case 'dropColumn':
      return [`the values of ${tableName(action.table)}.${action.column}`];
    case 'addEnumValue':
      return [`type ${action.type} as it was: PostgreSQL takes no value out of an enum`];
    default:
      return [];
  }
}
