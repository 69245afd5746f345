import { tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule } from '../rule.ts';
import type { KnownTable } from '../schema-state.ts';

export const dropNotNull: Rule = {
  id: 'drop-not-null',
  topic: 'compatibility',
  title: 'NOT NULL is dropped from a column.',
  why: 'Running versions of the application do not expect a NULL there: they fail on the first one, or leave such rows out of comparisons and sums. First deploy a version that can read NULL. The down migration fails once there is a NULL.',
  dialects: BOTH,
  severity: 'warning',
  check: onTableInUse('dropNotNull', ({ table, column }, { known }) =>
    isNullable(known.table(table), column)
      ? undefined
      : {
          message: `Allows NULL in ${tableName(table)}.${column}.`,
          advice:
            'First deploy a version of the application that can read NULL there. Deploy the version that writes it after this migration.',
        },
  ),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ALTER COLUMN limit_price DROP NOT NULL' },
      { sql: 'ALTER TABLE orders ALTER COLUMN limit_price DROP NOT NULL', dialect: 'sqlite', version: 3052000 },
    ],
    good: [
      { sql: 'CREATE TABLE t (a bigint NOT NULL); ALTER TABLE t ALTER COLUMN a DROP NOT NULL' },
      { sql: 'ALTER TABLE orders ALTER COLUMN limit_price DROP DEFAULT' },
    ],
  },
};

/** The column is known to be nullable already: changeColumn of Sequelize always emits DROP NOT NULL. */
function isNullable(table: KnownTable | undefined, column: string): boolean {
  return table?.columns.has(column) === true && !table.notNull.has(column);
}
