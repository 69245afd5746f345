import { tableName } from '../action.ts';
import { heldLocks } from '../locks.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';
import { sameTable } from '../rule-helpers.ts';

export const validateUnderLock: Rule = {
  id: 'validate-under-lock',
  topic: 'locks',
  title: 'A constraint is validated while the same transaction holds a stronger lock.',
  why: 'VALIDATE CONSTRAINT alone does not block reads or writes. But ADD CONSTRAINT … NOT VALID, and any other ALTER TABLE, takes a stronger lock and holds it until the transaction ends. In the same migration, all rows are then scanned under that lock, so NOT VALID has no benefit.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('validateConstraint', ({ table, name }, place) => {
    const held = heldLocks(place).find((lock) => sameTable(lock.table, table));
    if (held === undefined) return undefined;
    const blocked = held.mode === 'ACCESS EXCLUSIVE' ? 'all reads and writes' : 'writes';
    return {
      message: `Scans every row of ${tableName(table)} to validate ${name} under the ${held.mode} lock that an earlier statement of this migration took: ${blocked} are blocked until it finishes.`,
      advice: `In the next migration: ALTER TABLE ${spellTable(table)} VALIDATE CONSTRAINT ${quoteName(name)};`,
    };
  }),
  examples: {
    bad: [
      {
        sql: `ALTER TABLE orders ADD CONSTRAINT positive CHECK (quantity > 0) NOT VALID;
              ALTER TABLE orders VALIDATE CONSTRAINT positive`,
      },
      {
        sql: `ALTER TABLE orders ADD CONSTRAINT account FOREIGN KEY (account_id) REFERENCES accounts NOT VALID;
              ALTER TABLE orders VALIDATE CONSTRAINT account`,
      },
      { sql: 'ALTER TABLE orders ADD COLUMN note text; ALTER TABLE orders VALIDATE CONSTRAINT positive' },
      { sql: 'ALTER TABLE orders ADD COLUMN note text, VALIDATE CONSTRAINT positive', transaction: false },
    ],
    good: [
      { sql: 'ALTER TABLE orders VALIDATE CONSTRAINT positive' },
      { sql: 'ALTER TABLE orders VALIDATE CONSTRAINT positive; ALTER TABLE orders ADD COLUMN note text' },
      { sql: 'ALTER TABLE fills ADD COLUMN note text; ALTER TABLE orders VALIDATE CONSTRAINT positive' },
      {
        sql: `ALTER TABLE orders ADD CONSTRAINT positive CHECK (quantity > 0) NOT VALID;
              ALTER TABLE orders VALIDATE CONSTRAINT positive`,
        transaction: false,
      },
    ],
  },
};
