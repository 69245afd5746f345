import { type TableRef, tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { type ColumnFinding, onTableInUse, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';
import { earlier } from '../rule-helpers.ts';
import { isFreeChange } from '../types.ts';

export const changeColumnType: Rule = {
  id: 'change-column-type',
  topic: 'locks',
  title: 'The type of a column is changed.',
  why: 'Most type changes rewrite the table and rebuild its indexes under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. A few do not rewrite the table: a longer varchar, varchar to text, and a numeric with more digits before the decimal point. Since PostgreSQL 12, neither does timestamp to timestamptz and back, in a session whose time zone is UTC. If the current type is unknown and the change may need no rewrite, the severity is warning.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('alterType', ({ table, column, to, using }, place) => {
    const from = place.known.table(table)?.columns.get(column);
    if (from !== undefined && !using && isFreeChange(from, to)) return undefined;
    const zone = zoneOf(from, to, using, place);
    if (zone === 'utc') return undefined;
    if (zone === 'unknown') return unlessUtc(table, column, to);
    const maybe = from === undefined && !using && MAY_BE_FREE.test(to);
    const [name, target] = [quoteName(column), spellTable(table)];
    const change = from === undefined ? `to ${to}` : `from ${from} to ${to}`;
    return {
      ...(maybe ? { severity: 'warning' as const } : {}),
      message: maybe
        ? `Changes ${tableName(table)}.${column} ${change}: the table is rewritten, and all reads and writes are blocked until it finishes. A shorter current type of the same kind needs no rewrite.`
        : `Changes ${tableName(table)}.${column} ${change}: the table is rewritten, and all reads and writes are blocked until it finishes.`,
      advice: `ALTER TABLE ${target} ADD COLUMN ${quoteName(`${column}_new`)} ${to}; keep both filled by a trigger, then fill old rows in batches: UPDATE ${target} SET ${quoteName(`${column}_new`)} = ${name} WHERE id BETWEEN …; then switch the application over, and drop ${name}.`,
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
      {
        given: 'CREATE TABLE orders (at timestamp)',
        sql: "SET timezone = 'UTC'; ALTER TABLE orders ALTER at TYPE timestamptz",
        version: 110000,
      },
      { given: 'CREATE TABLE orders (at timestamp)', sql: 'ALTER TABLE orders ALTER at TYPE timestamptz' },
      {
        given: 'CREATE TABLE orders (at timestamp)',
        sql: "SET timezone = 'Europe/Vienna'; ALTER TABLE orders ALTER at TYPE timestamptz",
      },
    ],
    good: [
      { given: 'CREATE TABLE orders (note varchar(20))', sql: 'ALTER TABLE orders ALTER COLUMN note TYPE varchar(50)' },
      {
        given: 'CREATE TABLE orders (note varchar(20))',
        sql: 'ALTER TABLE orders ALTER COLUMN note TYPE text USING note::text',
      },
      { given: 'CREATE TABLE orders (price numeric(10,2))', sql: 'ALTER TABLE orders ALTER price TYPE numeric(12,2)' },
      {
        given: 'CREATE TABLE orders (at timestamp)',
        sql: "SET LOCAL timezone = 'UTC'; ALTER TABLE orders ALTER at TYPE timestamptz",
        version: 120000,
      },
      {
        given: 'CREATE TABLE orders (at timestamptz)',
        sql: "SET TIME ZONE 'Etc/UTC'; ALTER TABLE orders ALTER at TYPE timestamp",
        version: 120000,
      },
      {
        given: "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE orders (felt public.mood)",
        sql: 'ALTER TABLE orders ALTER felt TYPE mood',
      },
      { sql: 'CREATE TABLE fills (id integer); ALTER TABLE fills ALTER COLUMN id TYPE bigint' },
    ],
  },
};

/** Types that some other type can change to without a rewrite. */
const MAY_BE_FREE = /^(?:text|varchar|bit varying|numeric|inet|timestamp|timestamptz|time|timetz|interval)\b(?!.*\[\])/;

/** Since this version timestamp and timestamptz are the same bytes in a session whose offset is that of UTC. */
const SAME_BYTES_IN_UTC = 120000;

/** Of a change between timestamp and timestamptz: whether the time zone of the session makes it free. */
function zoneOf(
  from: string | undefined,
  to: string,
  using: boolean,
  place: RuleActionContext,
): 'utc' | 'unknown' | undefined {
  const both = [from, to].sort().join();
  if (both !== 'timestamp,timestamptz' || using || place.server.version < SAME_BYTES_IN_UTC) return undefined;
  const set = earlier(place, 'setTimeZone').at(-1);
  if (set === undefined) return 'unknown';
  return set.utc ? 'utc' : undefined;
}

function unlessUtc(table: TableRef, column: string, to: string): ColumnFinding {
  return {
    severity: 'warning',
    message: `Changes ${tableName(table)}.${column} to ${to}: unless the time zone of the session is UTC, the table is rewritten, and all reads and writes are blocked until it finishes.`,
    advice: "If the stored times are in UTC, write above it: SET LOCAL timezone = 'UTC';",
  };
}
