import { type TableRef, tableName } from '../action.ts';
import { later, sameTable } from '../around.ts';
import { BOTH, each, type Place, type Rule } from '../rule.ts';

export const dropForeignKey: Rule = {
  id: 'drop-foreign-key',
  topic: 'data',
  title: 'A foreign key is dropped.',
  why: 'From now on the database takes rows that point to nothing, and ON DELETE CASCADE stops; putting the key back fails on the first such row. Dropping it also locks both tables for a moment.',
  dialects: BOTH,
  severity: 'warning',
  check: each('dropConstraint', ({ table, name }, place) => {
    if (place.isNew(table) || !isForeignKey(table, name, place) || comesBack(table, place)) return undefined;
    return {
      message: `Drops foreign key ${name} of ${tableName(table)}: rows that reference nothing are taken from now on.`,
      advice:
        'Keep it. To change what it does, drop it and add it again NOT VALID in the same migration, and validate it in the next.',
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

/** By what is known of it, else by its name: PostgreSQL's own ends in _fkey. */
function isForeignKey(table: TableRef, name: string, { known }: Place): boolean {
  const constraint = known.table(table)?.constraints.find((one) => one.name === name);
  if (constraint !== undefined) return constraint.constraint === 'foreign key';
  return /_fkey\d*$|^fk_|_fk$/i.test(name);
}

function comesBack(table: TableRef, place: Place): boolean {
  return (
    later(place, 'addConstraint').some((one) => one.constraint === 'foreign key' && sameTable(one.table, table)) ||
    inSameStatement(table, place)
  );
}

function inSameStatement(table: TableRef, { statement }: Place): boolean {
  return (statement.actions ?? []).some(
    (one) => one.kind === 'addConstraint' && one.constraint === 'foreign key' && sameTable(one.table, table),
  );
}
