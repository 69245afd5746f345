import { type ParsedTable, parseTable, renderTable } from '../ddl/parse-table.ts';
import { all, quoteIdentifier, run } from '../driver.ts';
import { NeedsForeignKeysOff } from '../foreign-keys.ts';
import {
  execute,
  findTable,
  referencedBy,
  refuse,
  type SchemaObject,
  same,
  schemaObjects,
  type Workbench,
} from './workbench.ts';

/**
 * Rebuilds a table in the documented way (https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema
 * Changes"): a new table from the edited CREATE TABLE text, rows copied, the old one dropped, the new one renamed, and
 * its indexes and triggers made again from their own text.
 *
 * A table that others reference needs foreign keys off, since dropping it would delete or change their rows.
 */
export async function rebuild(
  bench: Workbench,
  tableName: string,
  edit: (table: ParsedTable) => ParsedTable,
): Promise<void> {
  const { name, sql } = await findTable(bench, tableName);
  if (!bench.foreignKeysOff() && (await referencedBy(bench, name)).length > 0) throw new NeedsForeignKeysOff();
  const before = parseTable(sql);
  const after = edit(before);
  const dependents = (await schemaObjects(bench)).filter(
    ({ type, table, sql }) => same(table, name) && type !== 'table' && sql !== null,
  );
  const sequence = await readSequence(bench, name);
  const scratch = `_db_manager_new_${name}`;

  await execute(bench, renderTable(quoteIdentifier(scratch), after));
  await copyRows(bench, name, scratch, before, after);
  await execute(bench, `DROP TABLE ${quoteIdentifier(name)}`);
  // With the legacy behaviour a rename neither rewrites nor checks what others say about the table: right, because
  // they say its old name, which it is about to have again.
  await execute(bench, 'PRAGMA legacy_alter_table = ON');
  try {
    await execute(bench, `ALTER TABLE ${quoteIdentifier(scratch)} RENAME TO ${quoteIdentifier(name)}`);
  } finally {
    await execute(bench, 'PRAGMA legacy_alter_table = OFF');
  }
  if (sequence !== undefined && after.autoincrement) await restoreSequence(bench, name, sequence);
  for (const dependent of dependents) await recreate(bench, dependent, before, after);
  await checkViews(bench);
}

async function copyRows(
  bench: Workbench,
  from: string,
  to: string,
  before: ParsedTable,
  after: ParsedTable,
): Promise<void> {
  const stored = (table: ParsedTable) =>
    table.columns.filter(({ clauses }) => !clauses.some(({ kind }) => kind === 'generated')).map(({ name }) => name);
  const kept = stored(after).filter((column) => stored(before).some((other) => same(other, column)));
  const columns = [...rowidOf(before, after), ...kept.map(quoteIdentifier)].join(', ');
  if (columns === '') return;
  await execute(
    bench,
    `INSERT INTO ${quoteIdentifier(to)} (${columns}) SELECT ${columns} FROM ${quoteIdentifier(from)}`,
  );
}

/** Rows keep their rowid, unless the table has none or a column hides it. */
function rowidOf(before: ParsedTable, after: ParsedTable): string[] {
  if (before.withoutRowid || after.withoutRowid) return [];
  const hidden = [...before.columns, ...after.columns].some(({ name }) => same(name, '_rowid_'));
  return hidden || hasRowidAlias(before) || hasRowidAlias(after) ? [] : ['_rowid_'];
}

/** `INTEGER PRIMARY KEY` is the rowid by another name. */
function hasRowidAlias(table: ParsedTable): boolean {
  const key = table.constraints.find(({ kind }) => kind === 'primary key')?.columns;
  return table.columns.some(
    ({ name, type, clauses }) =>
      type.toUpperCase() === 'INTEGER' &&
      (clauses.some(({ kind }) => kind === 'primary key') || (key?.length === 1 && same(key[0] ?? '', name))),
  );
}

async function readSequence({ connection }: Workbench, table: string): Promise<number | undefined> {
  const there = await all(connection, "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'");
  if (there.length === 0) return undefined;
  const [row] = await all<{ seq: number }>(connection, 'SELECT seq FROM sqlite_sequence WHERE name = ?', [table]);
  return row?.seq;
}

/** AUTOINCREMENT promises that no id is ever used twice, also not one of a row that is gone. */
async function restoreSequence({ connection }: Workbench, table: string, seq: number): Promise<void> {
  await run(connection, 'DELETE FROM sqlite_sequence WHERE name = ?', [table]);
  await run(connection, 'INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', [table, seq]);
}

/** Indexes over a column that is gone go with it, as in PostgreSQL; everything else comes back as it was written. */
async function recreate(
  bench: Workbench,
  { type, name, sql }: SchemaObject,
  before: ParsedTable,
  after: ParsedTable,
): Promise<void> {
  if (sql === null) return;
  const gone = before.columns.filter((column) => !after.columns.some((other) => same(other.name, column.name)));
  if (type === 'index' && gone.some((column) => mentions(sql.slice(sql.indexOf('(')), column.name))) return;
  const trigger = type === 'trigger' ? gone.find((column) => mentions(sql, column.name)) : undefined;
  if (trigger !== undefined)
    throw refuse(`The trigger ${name} uses the column ${trigger.name}. Drop or replace the trigger first.`);
  await execute(bench, sql);
}

/** Whether SQL text names a column; a name inside a string does not count. */
export function mentions(sql: string, column: string): boolean {
  const escaped = column.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const text = sql.replace(/'(?:[^']|'')*'/g, "''");
  return new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`, 'i').test(text);
}

/** A view is only text; one that no longer fits would fail when somebody reads it, which is too late. */
async function checkViews(bench: Workbench): Promise<void> {
  for (const { type, name } of await schemaObjects(bench)) {
    if (type !== 'view') continue;
    await all(bench.connection, `SELECT * FROM ${quoteIdentifier(name)} LIMIT 0`).catch((error: Error) => {
      throw refuse(`After the change the view ${name} no longer works (${error.message}). Drop or replace it first.`);
    });
  }
}
