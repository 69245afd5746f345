import { type SchemaAction, tableName } from '../action.ts';
import { BOTH, onMigration, type Rule, type SeenAction } from '../rule.ts';
import { isTemporary } from '../rule-helpers.ts';

export const irreversible: Rule = {
  id: 'irreversible',
  topic: 'style',
  title: 'The down migration cannot restore the deleted data.',
  why: 'The down migration recreates the table, the column or the constraint without the data that was in it. Only the backup has the rows, and restoring it loses what was written since.',
  dialects: BOTH,
  severity: 'notice',
  check: onMigration((scope) => {
    const { migration, before } = scope;
    if (migration.direction === 'down' || !migration.reversible) return [];
    const rebuilt = namesTakenOver(before);
    const lost = [
      ...new Set(
        before.flatMap((seen) =>
          seen.action.kind === 'dropTable' && isTemporary(scope, seen.action.table) ? [] : lostBy(seen, rebuilt),
        ),
      ),
    ];
    if (lost.length === 0) return [];
    return [
      {
        message: `The down migration does not restore ${lost.join(', ')}.`,
        advice:
          'Keep a copy until a downgrade is no longer needed: CREATE TABLE kept_rows AS SELECT …; or rely on the backup that db-manager takes before the migration.',
      },
    ];
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders DROP COLUMN note', down: 'ALTER TABLE orders ADD COLUMN note text' },
      { sql: 'DELETE FROM fills WHERE quantity = 0' },
      { sql: "ALTER TYPE order_state ADD VALUE 'expired'", transaction: false },
      { sql: 'DROP TABLE fills', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'ALTER TABLE orders DROP COLUMN note', down: null },
      { sql: 'ALTER TABLE orders ADD COLUMN note text' },
      { sql: 'CREATE TABLE scratch (id bigint); DELETE FROM scratch; DROP TABLE scratch' },
      {
        sql: `CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM orders;
              DROP TABLE orders; ALTER TABLE n RENAME TO orders`,
        dialect: 'sqlite',
      },
    ],
  },
};

/** A table that is created here and gets the name of a dropped table: a rebuild, which copies the rows. */
function namesTakenOver(before: readonly SeenAction[]): ReadonlySet<string> {
  return new Set(
    before.flatMap(({ action, createdInPlan }) =>
      action.kind === 'renameTable' && createdInPlan && !action.view ? [action.to] : [],
    ),
  );
}

function lostBy({ action, createdInPlan }: SeenAction, rebuilt: ReadonlySet<string>): string[] {
  if (action.kind === 'dropTable' && rebuilt.has(action.table.name)) return [];
  return createdInPlan ? [] : lost(action);
}

function lost(action: SchemaAction): string[] {
  switch (action.kind) {
    case 'dropTable':
    case 'truncate':
    case 'delete':
      return [`the rows of ${tableName(action.table)}`];
    case 'dropColumn':
      return [`the values of ${tableName(action.table)}.${action.column}`];
    case 'addEnumValue':
      return [`type ${action.type} as it was: PostgreSQL takes no value out of an enum`];
    default:
      return [];
  }
}
