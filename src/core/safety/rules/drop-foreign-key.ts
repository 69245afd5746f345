import { tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule } from '../rule.ts';
import { comesBack, isOfKind } from '../rule-helpers.ts';

export const dropForeignKey: Rule = {
  id: 'drop-foreign-key',
  topic: 'data',
  title: 'A foreign key is dropped.',
  why: 'The database then accepts rows that reference nothing, and ON DELETE CASCADE stops working; adding the key again fails on the first such row. Dropping it also locks both tables briefly.',
  dialects: BOTH,
  severity: 'warning',
  check: onTableInUse('dropConstraint', ({ table, name }, place) => {
    if (!isOfKind('foreign key', table, name, place, BY_NAME) || comesBack('foreign key', table, place))
      return undefined;
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

/** A name that PostgreSQL generates ends in _fkey. */
const BY_NAME = /_fkey\d*$|^fk_|_fk$/i;
