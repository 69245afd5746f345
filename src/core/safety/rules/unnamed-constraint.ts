import { tableName } from '../action.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const unnamedConstraint: Rule = {
  id: 'unnamed-constraint',
  topic: 'style',
  title: 'A constraint or index is added without a name.',
  why: 'PostgreSQL generates a name, with a number appended if the name is taken. The down migration then has to guess it, and two databases may have different names.',
  dialects: POSTGRES,
  severity: 'notice',
  check: onAction(['addConstraint', 'createIndex'], (action) => {
    if (action.name !== undefined) return undefined;
    const what =
      action.kind === 'createIndex'
        ? 'an index'
        : `${action.constraint === 'exclusion' ? 'an' : 'a'} ${action.constraint} constraint`;
    const name = [action.table.name, ...action.columns].join('_');
    return {
      message: `Adds ${what} to ${tableName(action.table)} without a name.`,
      advice:
        action.kind === 'createIndex'
          ? `CREATE INDEX ${name}_idx ON …`
          : `ALTER TABLE ${tableName(action.table)} ADD CONSTRAINT ${name}_${action.constraint.replaceAll(' ', '_')} …`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD CHECK (quantity > 0) NOT VALID' },
      { sql: 'CREATE INDEX ON orders (account_id)' },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_quantity_check CHECK (quantity > 0) NOT VALID' },
      { sql: 'CREATE INDEX orders_account ON orders (account_id)' },
      { sql: 'CREATE TABLE orders (id bigint PRIMARY KEY, quantity bigint CHECK (quantity > 0))' },
    ],
  },
};
