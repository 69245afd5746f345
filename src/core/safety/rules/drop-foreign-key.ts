import { type TableRef, tableName } from '../action.ts';
import { BOTH, onAction, type Rule, type RuleActionContext } from '../rule.ts';
import { later, sameTable } from '../rule-helpers.ts';

export const dropForeignKey: Rule = {
  id: 'drop-foreign-key',
  topic: 'data',
  title: 'A foreign key is dropped.',
  why: 'The database then accepts rows that reference nothing, and ON DELETE CASCADE stops working; adding the key again fails on the first such row. Dropping it also locks both tables briefly.',
  dialects: BOTH,
  severity: 'warning',
  check: onAction('dropConstraint', ({ table, name }, place) => {
    if (place.isNew(table) || !isForeignKey(table, name, place) || comesBack(table, place)) return undefined;
    return {
      message: `Drops foreign key ${name} of ${tableName(table)}: the table then accepts rows that reference nothing.`,
      advice:
        'Keep it. To change it, drop it and add it again as NOT VALID in the same migration, and validate it in the next.',
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders DROP CONSTRAINT orders_account_id_fkey' },
      {
        given: 'CREATE TABLE orders (id bigint, account_id bigint CONSTRAINT owner REFERENCES accounts)',
        sql: 'ALTER TABLE orders DROP CONSTRAINT owner',
      },
      { sql: 'ALTER TABLE orders DROP CONSTRAINT fk_account', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'ALTER TABLE orders DROP CONSTRAINT orders_quantity_check' },
      {
        given: 'CREATE TABLE orders (id bigint, quantity bigint CONSTRAINT fk_like_name CHECK (quantity > 0))',
        sql: 'ALTER TABLE orders DROP CONSTRAINT fk_like_name',
      },
      {
        sql: `ALTER TABLE orders DROP CONSTRAINT orders_account_id_fkey;
              ALTER TABLE orders ADD CONSTRAINT orders_account_id_fkey
                FOREIGN KEY (account_id) REFERENCES accounts ON DELETE CASCADE NOT VALID`,
      },
    ],
  },
};

/** By its known definition, otherwise by its name: a name that PostgreSQL generates ends in _fkey. */
function isForeignKey(table: TableRef, name: string, { known }: RuleActionContext): boolean {
  const constraint = known.table(table)?.constraints.find((one) => one.name === name);
  if (constraint !== undefined) return constraint.constraint === 'foreign key';
  return /_fkey\d*$|^fk_|_fk$/i.test(name);
}

function comesBack(table: TableRef, place: RuleActionContext): boolean {
  return (
    later(place, 'addConstraint').some((one) => one.constraint === 'foreign key' && sameTable(one.table, table)) ||
    inSameStatement(table, place)
  );
}

function inSameStatement(table: TableRef, { statement }: RuleActionContext): boolean {
  return (statement.actions ?? []).some(
    (one) => one.kind === 'addConstraint' && one.constraint === 'foreign key' && sameTable(one.table, table),
  );
}
