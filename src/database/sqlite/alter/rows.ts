import { count } from '../../../core/model/count.ts';
import type { ParsedColumn, ParsedTable } from '../../../sql/sqlite/create-table.ts';
import { all, quoteIdentifier } from '../driver.ts';
import { type AlterContext, execute, refuse, same } from './workbench.ts';

/** Copies every row into the rebuilt table; generated columns are computed again there. */
export async function copyRows(
  ctx: AlterContext,
  from: string,
  to: string,
  before: ParsedTable,
  after: ParsedTable,
): Promise<void> {
  const kept = stored(after).filter((column) => stored(before).some((other) => same(other, column)));
  const columns = [...rowidOf(before, after), ...kept.map(quoteIdentifier)].join(', ');
  if (columns === '') return;
  await execute(ctx, `INSERT INTO ${quoteIdentifier(to)} (${columns}) SELECT ${columns} FROM ${quoteIdentifier(from)}`);
  const clauses = [...after.constraints, ...after.columns.flatMap((column) => column.clauses)];
  // UNIQUE … ON CONFLICT REPLACE would drop rows without an error.
  if (clauses.some(({ text }) => /\bON\s+CONFLICT\b/i.test(text))) await compareCounts(ctx, from, to);
}

async function compareCounts({ connection }: AlterContext, from: string, to: string): Promise<void> {
  const [row] = await all<{ before: number; after: number }>(
    connection,
    `SELECT (SELECT count(*) FROM ${quoteIdentifier(from)}) AS "before", (SELECT count(*) FROM ${quoteIdentifier(to)}) AS "after"`,
  );
  if (row === undefined || row.before === row.after) return;
  throw refuse(
    `${row.before - row.after} of ${count(row.before, 'row')} of ${from} would be dropped by ON CONFLICT of a constraint. Correct or delete them first.`,
  );
}

function stored(table: ParsedTable): string[] {
  return table.columns
    .filter(({ clauses }) => !clauses.some(({ kind }) => kind === 'generated'))
    .map(({ name }) => name);
}

/** Rows keep their rowid, unless the table has none, a column hides it, or a column is the rowid and is copied anyway. */
function rowidOf(before: ParsedTable, after: ParsedTable): string[] {
  if (before.withoutRowid || after.withoutRowid || hasRowidAlias(after)) return [];
  const hidden = [...before.columns, ...after.columns].some(({ name }) => same(name, '_rowid_'));
  return hidden ? [] : ['_rowid_'];
}

/** `INTEGER PRIMARY KEY` is another name for the rowid; with DESC, for historical reasons, it is not (lang_createtable). */
function hasRowidAlias(table: ParsedTable): boolean {
  const key = table.constraints.find(({ kind }) => kind === 'primary key')?.columns;
  const own = ({ clauses }: ParsedColumn) =>
    clauses.some(({ kind, text }) => kind === 'primary key' && !/\bDESC\b/i.test(text));
  return table.columns.some(
    (column) =>
      column.type.toUpperCase() === 'INTEGER' &&
      (own(column) || (key?.length === 1 && same(key[0] ?? '', column.name))),
  );
}
