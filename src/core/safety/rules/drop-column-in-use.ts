import { tableName } from '../action.ts';
import { type ColumnFinding, onAction, type Rule, SQLITE } from '../rule.ts';
import type { KnownTable } from '../schema-state.ts';

export const dropColumnInUse: Rule = {
  id: 'drop-column-in-use',
  topic: 'sqlite',
  title: 'A column that is still in use is dropped.',
  why: 'SQLite refuses DROP COLUMN while the column is used by a key, a UNIQUE constraint, an index or a foreign key. The same applies to a CHECK that refers to other columns. https://sqlite.org/lang_altertable.html#alter_table_drop_column',
  dialects: SQLITE,
  severity: 'error',
  check: onAction('dropColumn', ({ table, column }, place) => {
    const known = place.known.table(table);
    const user = known && userOf(known, column);
    const name = tableName(table);
    if (user === undefined) {
      const texts = place.known.dependentsOf(table, column);
      return texts.length === 0 ? undefined : inTexts(name, column, texts);
    }
    return {
      message: `SQLite refuses to drop ${name}.${column}: it is in ${user.what}.`,
      advice:
        user.index === undefined
          ? `In a .ts migration queryInterface.removeColumn('${name}', '${column}') rebuilds the table without it.`
          : `First: DROP INDEX ${user.index};`,
    };
  }),
  examples: {
    bad: [
      { given: 'CREATE TABLE t (a, b); CREATE INDEX t_b ON t (b)', sql: 'ALTER TABLE t DROP COLUMN b' },
      { given: 'CREATE TABLE t (a, b); CREATE INDEX t_b ON t (lower(b))', sql: 'ALTER TABLE t DROP COLUMN b' },
      { given: 'CREATE TABLE t (a, b); CREATE INDEX t_a ON t (a) WHERE b > 0', sql: 'ALTER TABLE t DROP COLUMN b' },
      { given: 'CREATE TABLE t (a PRIMARY KEY, b)', sql: 'ALTER TABLE t DROP COLUMN a' },
      { given: 'CREATE TABLE t (a, b UNIQUE)', sql: 'ALTER TABLE t DROP COLUMN b' },
      { given: 'CREATE TABLE t (a, b, c, UNIQUE (b, c))', sql: 'ALTER TABLE t DROP COLUMN c' },
      {
        given: 'CREATE TABLE p (x, y, PRIMARY KEY (x, y)); CREATE TABLE t (a, b, c, FOREIGN KEY (b, c) REFERENCES p)',
        sql: 'ALTER TABLE t DROP COLUMN b',
      },
      { given: 'CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a, b FROM t', sql: 'ALTER TABLE t DROP COLUMN b' },
      {
        given: 'CREATE TABLE t (a, b); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT new.b; END',
        sql: 'ALTER TABLE t DROP COLUMN b',
      },
      { given: 'CREATE TABLE t (a, b, CHECK (a > b))', sql: 'ALTER TABLE t DROP COLUMN b' },
      { given: 'CREATE TABLE t (a CHECK (a > b), b)', sql: 'ALTER TABLE t DROP COLUMN b' },
    ],
    good: [
      { given: 'CREATE TABLE t (a, b)', sql: 'ALTER TABLE t DROP COLUMN b' },
      { given: 'CREATE TABLE t (a, b CHECK (b > 0))', sql: 'ALTER TABLE t DROP COLUMN b' },
      {
        given: 'CREATE TABLE t (a, b); CREATE INDEX t_b ON t (b)',
        sql: 'DROP INDEX t_b; ALTER TABLE t DROP COLUMN b',
      },
      { given: 'CREATE TABLE t (a PRIMARY KEY, b REFERENCES t)', sql: 'ALTER TABLE t DROP COLUMN b' },
      {
        given: 'CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a, b FROM t',
        sql: 'DROP VIEW v; ALTER TABLE t DROP COLUMN b; CREATE VIEW v AS SELECT a FROM t',
      },
    ],
  },
};

/** Found by text: a view or trigger may mean a column of that name in another table. */
function inTexts(table: string, column: string, texts: readonly string[]): ColumnFinding {
  return {
    message: `${texts.join(', ')} ${texts.length === 1 ? 'refers' : 'refer'} to ${table} and to ${column}: SQLite refuses to drop a column that a view or trigger uses.`,
    advice: `In the same migration drop ${texts.join(', ')}, then the column, then recreate ${texts.length === 1 ? 'it' : 'them'} without it.`,
    severity: 'warning',
  };
}

/** What prevents a DROP COLUMN. */
function userOf(table: KnownTable, column: string): { what: string; index?: string } | undefined {
  const uses = (columns: readonly string[]) => columns.some((one) => one.toLowerCase() === column.toLowerCase());
  if (uses(table.primaryKey)) return { what: 'the primary key' };
  // SQLite drops a foreign key of one column with the column.
  const constraint = table.constraints.find(
    ({ constraint: kind, columns }) => uses(columns) && (kind !== 'foreign key' || columns.length > 1),
  );
  if (constraint !== undefined) return { what: KINDS[constraint.constraint] ?? `a ${constraint.constraint}` };
  const index = table.indexes.find(({ columns, mentions = [] }) => uses([...columns, ...mentions]));
  return index && { what: `index ${index.name}`, index: index.name };
}

const KINDS: Record<string, string> = { unique: 'a UNIQUE constraint', check: 'a CHECK that refers to it' };
