import type { SchemaAction } from '../action.ts';
import { onAction, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';
import { makesType } from '../rule-helpers.ts';

export const enumValueInTransaction: Rule = {
  id: 'enum-value-in-transaction',
  topic: 'compatibility',
  title: 'A value is added to an enum in a transaction.',
  why: 'PostgreSQL before 12 refuses it inside a transaction. Later versions accept it, but the value cannot be used until the transaction has been committed ("unsafe use of new value"). A type that is created in the same transaction is an exception before 12 and since 17.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('addEnumValue', ({ type, value }, place) => {
    const { migration, server } = place;
    const excepted = (server.version < 120000 || server.version >= 170000) && makesType(place, type);
    if (!migration.transactional || excepted) return undefined;
    if (server.version < 120000) {
      return {
        message: `Adds ${value} to ${type} inside a transaction, which PostgreSQL before 12 refuses.`,
        advice:
          'Put it in a separate migration that runs outside a transaction ("-- migrate:up transaction:false", "-- +goose NO TRANSACTION").',
      };
    }
    if (!usedLater(value, place)) return undefined;
    return {
      message: `Adds ${value} to ${type} and uses it in the same transaction: PostgreSQL refuses with "unsafe use of new value".`,
      advice: `Use ${value} in the next migration, after this one has been committed.`,
    };
  }),
  examples: {
    bad: [
      { sql: "ALTER TYPE order_state ADD VALUE 'expired'", version: 110000 },
      {
        sql: "ALTER TYPE order_state ADD VALUE 'expired'; UPDATE orders SET state = 'expired' WHERE expires_at < now()",
      },
      {
        sql: "CREATE TYPE side AS ENUM ('buy'); ALTER TYPE side ADD VALUE 'sell'; SELECT 'sell'::side",
        version: 150000,
      },
    ],
    good: [
      { sql: "ALTER TYPE order_state ADD VALUE 'expired'", transaction: false },
      { sql: "ALTER TYPE order_state ADD VALUE 'expired'", version: 120000 },
      { sql: "ALTER TYPE role ADD VALUE 'lead'; ALTER TYPE rank RENAME VALUE 'head' TO 'lead'", version: 150000 },
      { sql: "ALTER TYPE role ADD VALUE 'lead'; CREATE TYPE rank AS ENUM ('lead')", version: 150000 },
      { sql: "ALTER TYPE role ADD VALUE 'lead'; COMMENT ON TYPE role IS 'lead'", version: 150000 },
      { sql: "ALTER TYPE side ADD VALUE 'a'; ALTER TYPE side ADD VALUE 'b' AFTER 'a'", version: 150000 },
      {
        sql: "CREATE TYPE side AS ENUM ('buy'); ALTER TYPE side ADD VALUE 'sell'; SELECT 'sell'::side",
        version: 170000,
      },
    ],
  },
};

/** A label of a type is a text, and no value of any enum. */
function isLabel({ kind }: SchemaAction): boolean {
  return kind === 'addEnumValue' || kind === 'renameEnumValue';
}

function usedLater(value: string, { migration, statement }: RuleActionContext): boolean {
  const literal = `'${value.replaceAll("'", "''")}'`;
  return migration.statements
    .slice(migration.statements.indexOf(statement) + 1)
    .filter(({ sql, actions = [] }) => !actions.some(isLabel) && !/^\s*(?:CREATE\s+TYPE|COMMENT\s+ON)\b/i.test(sql))
    .some(({ sql }) => sql.includes(literal));
}
