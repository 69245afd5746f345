import { type ParsedTable, parseTable } from '../../../sql/sqlite/create-table.ts';
import { all, exec, quoteIdentifier, run } from '../driver.ts';
import { keepingDependents } from './dependents.ts';
import { mentions } from './mentions.ts';
import { copyRows } from './rows.ts';
import { keepStatistics, returnStatistics } from './statistics.ts';
import { renamed, type Splice, splice } from './text.ts';
import {
  type AlterContext,
  execute,
  findTable,
  referencesTo,
  type SchemaObject,
  same,
  schemaObjects,
} from './workbench.ts';

/** Changes of the table's own CREATE TABLE text. */
type Edit = (sql: string, table: ParsedTable) => Splice[];

/**
 * Rebuilds a table as documented (https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema
 * Changes"): a new table from the edited CREATE TABLE text, rows copied, the old one dropped, the new one renamed, and
 * its indexes and triggers recreated from their own text. An edit that changes nothing does nothing.
 *
 * A table that others reference needs foreign keys off, because dropping it would delete or change their rows.
 */
export async function rebuild(ctx: AlterContext, tableName: string, edit: Edit): Promise<void> {
  const { name, sql } = await findTable(ctx, tableName);
  const before = parseTable(sql);
  const edited = splice(sql, edit(sql, before));
  if (edited === sql) return;
  const referenced = (await referencesTo(ctx, name)).length > 0;
  await ctx.atomically(referenced, () => keepingDependents(ctx, () => replace(ctx, name, before, edited)));
}

async function replace(ctx: AlterContext, name: string, before: ParsedTable, edited: string): Promise<void> {
  const after = parseTable(edited);
  const dependents = (await schemaObjects(ctx)).filter(
    ({ type, table, sql }) => same(table, name) && (type === 'index' || type === 'trigger') && sql !== null,
  );
  const sequence = await readSequence(ctx, name);
  const scratch = `_db_manager_new_${name}`;
  try {
    await execute(ctx, renamed(edited, name, quoteIdentifier(scratch)));
    await copyRows(ctx, name, scratch, before, after);
  } catch (error) {
    // The author uses the table's own name.
    if (error instanceof Error) error.message = error.message.replaceAll(scratch, name);
    throw error;
  }
  await keepStatistics(ctx, name, scratch);
  await execute(ctx, `DROP TABLE ${quoteIdentifier(name)}`);
  // With the legacy behavior a rename neither rewrites nor checks references to the table. This is correct, because
  // they use its old name, which it is about to get back.
  await exec(ctx.connection, 'PRAGMA legacy_alter_table = ON');
  try {
    await execute(ctx, `ALTER TABLE ${quoteIdentifier(scratch)} RENAME TO ${quoteIdentifier(name)}`);
  } finally {
    await exec(ctx.connection, 'PRAGMA legacy_alter_table = OFF');
  }
  if (sequence !== undefined && after.autoincrement) await restoreSequence(ctx, name, sequence);
  for (const dependent of dependents) await recreate(ctx, dependent, before, after);
  await returnStatistics(ctx, scratch, name);
}

async function readSequence({ connection }: AlterContext, table: string): Promise<number | undefined> {
  const there = await all(connection, "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'");
  if (there.length === 0) return undefined;
  const [row] = await all<{ seq: number }>(connection, 'SELECT seq FROM sqlite_sequence WHERE name = ?', [table]);
  return row?.seq;
}

/** AUTOINCREMENT guarantees that no id is ever reused, not even the id of a deleted row. */
async function restoreSequence({ connection }: AlterContext, table: string, seq: number): Promise<void> {
  await run(connection, 'DELETE FROM sqlite_sequence WHERE name = ?', [table]);
  await run(connection, 'INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', [table, seq]);
}

/** Indexes on a removed column are removed, as in PostgreSQL; everything else is recreated as it was written. */
async function recreate(
  ctx: AlterContext,
  { type, sql }: SchemaObject,
  before: ParsedTable,
  after: ParsedTable,
): Promise<void> {
  if (sql === null) return;
  const gone = before.columns.filter((column) => !after.columns.some((other) => same(other.name, column.name)));
  if (type === 'index' && gone.some((column) => mentions(sql.slice(sql.indexOf('(')), column.name))) return;
  await execute(ctx, sql);
}
