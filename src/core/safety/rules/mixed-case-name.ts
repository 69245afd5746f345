import { type SchemaActionOf, tableName } from '../action.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const mixedCaseName: Rule = {
  id: 'mixed-case-name',
  topic: 'style',
  title: 'A name that has to be quoted.',
  why: 'PostgreSQL folds unquoted names to lower case, so this name must be quoted in every query. A model can keep its own spelling and map it (underscored: true).',
  dialects: POSTGRES,
  severity: 'notice',
  check: onAction(['createTable', 'addColumn', 'renameTable', 'renameColumn'], (action) => {
    const found = namesOf(action).filter((name) => !/^[\p{Ll}_][\p{Ll}\p{Nd}_$]*$/u.test(name));
    if (found.length === 0) return undefined;
    return {
      message: `${tableName(action.table)}: ${found.map((name) => `"${name}"`).join(', ')} can only be written with quotes.`,
      advice: 'Use lower case with underscores; map it in the model (underscored: true).',
    };
  }),
  examples: {
    bad: [
      { sql: 'CREATE TABLE "Orders" (id bigint)' },
      { sql: 'CREATE TABLE orders ("placedAt" timestamptz, "order id" bigint)' },
      { sql: 'ALTER TABLE orders ADD COLUMN "createdAt" timestamptz' },
    ],
    good: [
      { sql: 'CREATE TABLE Orders (PlacedAt timestamptz, größe bigint, x2 bigint)' },
      { sql: 'ALTER TABLE "Orders" ADD COLUMN created_at timestamptz' },
    ],
  },
};

/** Names that the action creates. */
function namesOf(action: SchemaActionOf<'createTable' | 'addColumn' | 'renameTable' | 'renameColumn'>): string[] {
  switch (action.kind) {
    case 'createTable':
      return action.temporary ? [] : [action.table.name, ...action.columns.map(({ name }) => name)];
    case 'addColumn':
      return [action.column.name];
    default:
      return [action.to];
  }
}
