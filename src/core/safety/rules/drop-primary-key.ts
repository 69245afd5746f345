import { type TableRef, tableName } from '../action.ts';
import { onAction, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';
import { later, sameTable } from '../rule-helpers.ts';

export const dropPrimaryKey: Rule = {
  id: 'drop-primary-key',
  topic: 'data',
  title: 'A primary key is dropped.',
  why: 'The table then accepts duplicates, ON CONFLICT fails because the index is gone, and logical replication refuses UPDATE and DELETE on the table. Add the new key in the same transaction.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction('dropConstraint', ({ table, name }, place) => {
    if (place.isNew(table) || !isPrimaryKey(table, name, place) || comesBack(table, place)) return undefined;
    return {
      message: `Drops the primary key ${name} of ${tableName(table)} without adding a new one.`,
      advice: `Build the index of the new key first, then replace the key in one statement: ALTER TABLE ${tableName(table)} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} PRIMARY KEY USING INDEX …`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE fills DROP CONSTRAINT fills_pkey' },
      {
        given: 'CREATE TABLE fills (id bigint CONSTRAINT one_fill PRIMARY KEY)',
        sql: 'ALTER TABLE fills DROP CONSTRAINT one_fill',
      },
    ],
    good: [
      {
        sql: `ALTER TABLE fills DROP CONSTRAINT fills_pkey,
                ADD CONSTRAINT fills_pkey PRIMARY KEY USING INDEX fills_new_pkey`,
      },
      { sql: 'ALTER TABLE fills DROP CONSTRAINT fills_quantity_check' },
    ],
  },
};

function isPrimaryKey(table: TableRef, name: string, { known }: RuleActionContext): boolean {
  const constraint = known.table(table)?.constraints.find((one) => one.name === name);
  return constraint === undefined ? /_pkey\d*$/.test(name) : constraint.constraint === 'primary key';
}

function comesBack(table: TableRef, place: RuleActionContext): boolean {
  const here = (place.statement.actions ?? []).flatMap((action) => (action.kind === 'addConstraint' ? [action] : []));
  return [...here, ...later(place, 'addConstraint')].some(
    (one) => one.constraint === 'primary key' && sameTable(one.table, table),
  );
}
