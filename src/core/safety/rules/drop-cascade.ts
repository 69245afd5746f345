import { type SchemaActionOf, tableName } from '../action.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const dropCascade: Rule = {
  id: 'drop-cascade',
  topic: 'data',
  title: 'CASCADE drops every dependent object.',
  why: 'CASCADE removes what depends on the object in the database at that moment, which may be more than the author of the migration saw: columns of a dropped type, views over a dropped view, foreign keys to a dropped key. Name each object to drop.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction(['dropObject', 'dropTable', 'dropColumn', 'dropConstraint'], (action, place) => {
    if (!action.cascade || ('table' in action && place.isNew(action.table))) return undefined;
    const dropped = nameOf(action);
    return {
      message: `Drops ${dropped} and every object that depends on it${LOSSES[whatOf(action)] ?? ''}.`,
      advice: `DROP … RESTRICT lists the dependent objects in its error. Drop each one by name in its own statement, then ${dropped} without CASCADE.`,
      ...(whatOf(action) in LOSSES ? { severity: 'error' } : {}),
    };
  }),
  examples: {
    bad: [
      { sql: 'DROP VIEW open_orders CASCADE' },
      { sql: 'DROP TYPE order_state CASCADE' },
      { sql: 'DROP EXTENSION hstore CASCADE' },
      { sql: 'DROP SEQUENCE order_numbers CASCADE' },
      { sql: 'DROP TABLE accounts CASCADE' },
      { sql: 'ALTER TABLE accounts DROP CONSTRAINT accounts_pkey CASCADE' },
      { sql: 'ALTER TABLE accounts DROP COLUMN code CASCADE' },
    ],
    good: [
      { sql: 'DROP VIEW open_orders' },
      { sql: 'DROP TYPE order_state RESTRICT' },
      { sql: 'CREATE TABLE scratch (id bigint); DROP TABLE scratch CASCADE' },
    ],
  },
};

type Dropping = SchemaActionOf<'dropObject' | 'dropTable' | 'dropColumn' | 'dropConstraint'>;

/** Kinds whose removal with CASCADE also deletes values. */
const LOSSES: Record<string, string> = {
  type: ': every column of that type, with its values',
  domain: ': every column of that type, with its values',
  extension: ': every column of its types, with its values',
};

function whatOf(action: Dropping): string {
  return action.kind === 'dropObject' ? action.what : action.kind;
}

function nameOf(action: Dropping): string {
  switch (action.kind) {
    case 'dropObject':
      return `${action.what} ${action.name}`;
    case 'dropTable':
      return `table ${tableName(action.table)}`;
    case 'dropColumn':
      return `column ${tableName(action.table)}.${action.column}`;
    case 'dropConstraint':
      return `constraint ${action.name} of ${tableName(action.table)}`;
  }
}
