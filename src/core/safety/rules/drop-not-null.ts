import { tableName } from '../action.ts';
import type { KnownTable } from '../known.ts';
import { BOTH, each, type Rule } from '../rule.ts';

export const dropNotNull: Rule = {
  id: 'drop-not-null',
  topic: 'compatibility',
  title: 'A column may be NULL from now on.',
  why: 'Running versions of the application have never seen a NULL there: they fail on the first one, and leave such rows out of comparisons and sums. Deploy the version that reads NULL first. The way back fails once there is one.',
  dialects: BOTH,
  severity: 'warning',
  check: each('dropNotNull', ({ table, column }, { isNew, known }) =>
    isNew(table) || isNullable(known.table(table), column)
      ? undefined
      : {
          message: `Lets ${tableName(table)}.${column} be NULL.`,
          advice:
            'Deploy the version of the application that can read NULL there first, and the one that writes it after this migration.',
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

/** It is known, and may be NULL already: Sequelize's changeColumn says DROP NOT NULL each time. */
function isNullable(table: KnownTable | undefined, column: string): boolean {
  return table?.columns.has(column) === true && !table.notNull.has(column);
}
