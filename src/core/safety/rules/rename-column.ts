import { tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule } from '../rule.ts';
import { earlier, sameTable } from '../rule-helpers.ts';

export const renameColumn: Rule = {
  id: 'rename-column',
  topic: 'compatibility',
  title: 'A column is renamed.',
  why: 'Running versions of the application use the old name and fail until the last of them is replaced. Map the new name to the old column in the model, or add a new column and keep both filled.',
  dialects: BOTH,
  severity: 'error',
  check: onTableInUse('renameColumn', ({ table, from, to }, place) => {
    const made = earlier(place, 'addColumn').some((one) => sameTable(one.table, table) && one.column.name === from);
    if (made) return undefined;
    const name = tableName(table);
    return {
      message: `Renames ${name}.${from} to ${to}: running versions of the application use the old name.`,
      advice: `Keep the column and map it in the model (${to}: { field: '${from}' }). Or in steps: add ${to}, write both, fill it in batches, read ${to}, drop ${from}.`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders RENAME COLUMN comment TO note' },
      { sql: 'ALTER TABLE orders RENAME comment TO note', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'CREATE TABLE orders (comment text); ALTER TABLE orders RENAME comment TO note' },
      { sql: 'ALTER TABLE orders ADD COLUMN comment text; ALTER TABLE orders RENAME comment TO note' },
      { sql: 'ALTER TABLE orders ADD COLUMN note text' },
    ],
  },
};
