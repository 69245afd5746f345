import { tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';
import { isFreeChange } from '../types.ts';

export const changeColumnType: Rule = {
  id: 'change-column-type',
  topic: 'locks',
  title: 'The type of a column is changed.',
  why: 'Most type changes rewrite the table and rebuild its indexes under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. A few are free: a longer varchar, varchar to text, a numeric with more digits before the decimal point. If the current type is not known and the change may be free, the severity is warning.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('alterType', ({ table, column, to, using }, { isNew, known }) => {
    if (isNew(table)) return undefined;
    const from = known.table(table)?.columns.get(column);
    if (from !== undefined && !using && isFreeChange(from, to)) return undefined;
    const maybe = from === undefined && !using && MAY_BE_FREE.test(to);
    const [name, target] = [quoteName(column), spellTable(table)];
    const change = from === undefined ? `to ${to}` : `from ${from} to ${to}`;
    return {
      ...(maybe ? { severity: 'warning' as const } : {}),
      message: maybe
        ? `Changes ${tableName(table)}.${column} ${change}: unless the current type is a shorter one of the same kind, the table is rewritten, and all reads and writes are blocked until it finishes.`
        : `Changes ${tableName(table)}.${column} ${change}: the table is rewritten, and all reads and writes are blocked until it finishes.`,
      advice: `ALTER TABLE ${target} ADD COLUMN ${quoteName(`${column}_new`)} ${to}; keep both filled by a trigger, fill old rows in batches (UPDATE ${target} SET ${quoteName(`${column}_new`)} = ${name} WHERE id BETWEEN …), switch the application over, then drop ${name}.`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ALTER COLUMN id TYPE bigint' },
      { sql: 'ALTER TABLE orders ALTER COLUMN note TYPE varchar(50)' },
      { given: 'CREATE TABLE orders (note text)', sql: 'ALTER TABLE orders ALTER COLUMN note TYPE varchar(50)' },
      { given: 'CREATE TABLE orders (price numeric(10,2))', sql: 'ALTER TABLE orders ALTER price TYPE numeric(12,4)' },
      {
        given: 'CREATE TABLE orders (note varchar(20))',
        sql: 'ALTER TABLE orders ALTER COLUMN note TYPE text USING upper(note)',
      },
    ],
    good: [
      { given: 'CREATE TABLE orders (note varchar(20))', sql: 'ALTER TABLE orders ALTER COLUMN note TYPE varchar(50)' },
      {
        given: 'CREATE TABLE orders (note varchar(20))',
        sql: 'ALTER TABLE orders ALTER COLUMN note TYPE text USING note::text',
      },
      { given: 'CREATE TABLE orders (price numeric(10,2))', sql: 'ALTER TABLE orders ALTER price TYPE numeric(12,2)' },
      { sql: 'CREATE TABLE fills (id integer); ALTER TABLE fills ALTER COLUMN id TYPE bigint' },
    ],
  },
};

/** Types that some other type can change to without a rewrite. */
const MAY_BE_FREE = /^(?:text|varchar|bit varying|numeric|inet|timestamp|timestamptz|time|timetz|interval)\b(?!.*\[\])/;
