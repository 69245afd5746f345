import { type SchemaAction, type SchemaActionOf, tableName } from '../action.ts';
import { heldLocks, locksOf } from '../locks.ts';
import { onAction, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';
import { sameTable } from '../rule-helpers.ts';

export const slowUnderExclusiveLock: Rule = {
  id: 'slow-under-exclusive-lock',
  topic: 'locks',
  title: 'Slow work follows a statement that takes an exclusive lock.',
  why: 'ALTER TABLE may take a moment, but its ACCESS EXCLUSIVE lock is held until the transaction ends. All reads and writes of that table stay blocked while a later statement builds an index, validates a constraint or refreshes a view. In another migration, or before the ALTER, such a statement does not block them.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction(['createIndex', 'reindex', 'refreshView', 'validateConstraint', 'addConstraint'], (action, place) => {
    if (!isSlow(action, place)) return undefined;
    const own = locksOf(action).filter(({ mode }) => mode === 'ACCESS EXCLUSIVE');
    const held = heldLocks(place).find(
      ({ mode, table, seen }) =>
        mode === 'ACCESS EXCLUSIVE' &&
        seen.statement !== place.statement &&
        // A statement that itself takes ACCESS EXCLUSIVE on the table has its own rule.
        !own.some((lock) => sameTable(lock.table, table)) &&
        !(action.kind === 'validateConstraint' && sameTable(action.table, table)),
    );
    if (held === undefined) return undefined;
    return {
      message: `${describe(action)} while an earlier statement of this migration holds an exclusive lock on ${tableName(held.table)}.`,
      advice: `Move it to a separate migration, or before the statement that locks ${tableName(held.table)}.`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD COLUMN source text; CREATE INDEX orders_source ON orders (source)' },
      { sql: 'ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills VALIDATE CONSTRAINT fills_order' },
      { sql: 'ALTER TABLE orders DROP COLUMN note; REFRESH MATERIALIZED VIEW CONCURRENTLY daily_volume' },
      { sql: 'ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD CONSTRAINT p CHECK (price > 0)' },
    ],
    good: [
      { sql: 'ALTER TABLE fills VALIDATE CONSTRAINT fills_order; ALTER TABLE orders ADD COLUMN source text' },
      { sql: 'ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD COLUMN source text' },
      { sql: 'CREATE TABLE kinds (id bigint); CREATE INDEX kinds_id ON kinds (id)' },
      {
        sql: 'ALTER TABLE orders ADD COLUMN source text; CREATE INDEX CONCURRENTLY orders_source ON orders (source)',
        transaction: false,
      },
      {
        sql: 'ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD CONSTRAINT p CHECK (price > 0) NOT VALID',
      },
    ],
  },
};

type Slow = SchemaActionOf<'createIndex' | 'reindex' | 'refreshView' | 'validateConstraint' | 'addConstraint'>;

/** Whether it reads a table or a query result that has rows. */
function isSlow(action: Slow, { isNew, known }: RuleActionContext): boolean {
  switch (action.kind) {
    case 'createIndex':
      return !action.concurrently && !action.only && !isNew(action.table);
    case 'reindex':
      return !action.concurrently && !known.tableOfIndex(action.target)?.createdInPlan;
    case 'refreshView':
      return true;
    case 'validateConstraint':
      return !isNew(action.table);
    case 'addConstraint':
      return !action.notValid && !action.usingIndex && !isNew(action.table);
  }
}

function describe(action: SchemaAction & Slow): string {
  switch (action.kind) {
    case 'createIndex':
      return `Builds an index on ${tableName(action.table)}`;
    case 'reindex':
      return `Rebuilds ${action.target}`;
    case 'refreshView':
      return `Runs the query of ${tableName(action.view)}`;
    case 'validateConstraint':
      return `Reads every row of ${tableName(action.table)} to validate ${action.name}`;
    case 'addConstraint':
      return `Reads every row of ${tableName(action.table)} for a ${action.constraint} constraint`;
  }
}
