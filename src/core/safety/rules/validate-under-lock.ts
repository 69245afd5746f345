import { tableName } from '../action.ts';
import { sameTable } from '../around.ts';
import { heldLocks } from '../locks.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';
import { spellName, spellTable } from '../spell.ts';

export const validateUnderLock: Rule = {
  id: 'validate-under-lock',
  topic: 'locks',
  title: 'A constraint is validated while the same transaction holds a stronger lock.',
  why: 'VALIDATE CONSTRAINT alone lets everybody read and write. Locks are kept until the transaction ends, though: behind ADD CONSTRAINT … NOT VALID or any other ALTER TABLE in the same migration, all rows are read under that one’s lock, and NOT VALID has gained nothing.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('validateConstraint', ({ table, name }, place) => {
    if (place.isNew(table)) return undefined;
    const held = heldLocks(place).find((lock) => sameTable(lock.table, table));
    if (held === undefined) return undefined;
    const who = held.mode === 'ACCESS EXCLUSIVE' ? 'use' : 'write to';
    return {
      message: `Reads every row of ${tableName(table)} to validate ${name} under the ${held.mode} lock that an earlier part of this migration took: nobody can ${who} the table meanwhile.`,
      advice: `In the next migration: ALTER TABLE ${spellTable(table)} VALIDATE CONSTRAINT ${spellName(name)};`,
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
