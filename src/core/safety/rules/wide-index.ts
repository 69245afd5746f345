import { tableName } from '../action.ts';
import { BOTH, onAction, type Rule } from '../rule.ts';

const COLUMNS = 3;

export const wideIndex: Rule = {
  id: 'wide-index',
  topic: 'style',
  title: 'A non-unique index over more than three columns.',
  why: 'Columns after the third rarely reduce the number of rows found, and every write pays for them. Begin with the most selective columns.',
  dialects: BOTH,
  severity: 'notice',
  check: onAction('createIndex', ({ table, columns, unique, name }) =>
    unique || columns.length <= COLUMNS
      ? undefined
      : {
          message: `Index ${name ?? 'without a name'} of ${tableName(table)} has ${columns.length} columns.`,
          advice: `Keep the ${COLUMNS} most selective columns; check with EXPLAIN which queries use the index.`,
        },
  ),
  examples: {
    bad: [
      { sql: 'CREATE INDEX CONCURRENTLY orders_all ON orders (a, b, c, d)', transaction: false },
      { sql: 'CREATE INDEX orders_all ON orders (a, b, c, d)', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'CREATE INDEX CONCURRENTLY orders_three ON orders (a, b, c)', transaction: false },
      { sql: 'CREATE UNIQUE INDEX CONCURRENTLY orders_one ON orders (a, b, c, d)', transaction: false },
      { sql: 'CREATE INDEX CONCURRENTLY orders_cover ON orders (a) INCLUDE (b, c, d)', transaction: false },
    ],
  },
};
