import { type Clause, type ParsedColumn, type ParsedTable, parseTable } from '../../../sql/sqlite/create-table.ts';
import { quoteIdentifier } from '../driver.ts';
import { withoutClauses } from './constraints.ts';
import { columnFrom, textOf } from './definition.ts';
import { keepingDependents } from './dependents.ts';
import { mentions } from './mentions.ts';
import { rebuild } from './rebuild.ts';
import { insertItem, removeItems, type Splice } from './text.ts';
import {
  type AlterContext,
  type ColumnOptions,
  execute,
  findTable,
  referencesTo,
  refuse,
  same,
  schemaObjects,
} from './workbench.ts';

export async function addColumn(ctx: AlterContext, table: string, name: string, options: ColumnOptions): Promise<void> {
  const column = await columnFrom(ctx, table, name, options);
  if (canBeAdded(column)) {
    const sql = `ALTER TABLE ${quoteIdentifier(table)} ADD COLUMN ${textOf(column)}`;
    await ctx.atomically(false, () => keepingDependents(ctx, () => execute(ctx, sql)));
    return;
  }
  await rebuild(ctx, table, (sql, { columns }) => insertItem(sql, columns.at(-1)?.start ?? 0, textOf(column)));
}

/** What ADD COLUMN refuses (https://sqlite.org/lang_altertable.html, "ALTER TABLE ADD COLUMN"). */
function canBeAdded({ clauses }: ParsedColumn): boolean {
  const has = (kind: Clause['kind']) => clauses.find((clause) => clause.kind === kind);
  const value = has('default')?.expression;
  const plain = value !== undefined && !/^\(|^CURRENT_/i.test(value) && value.toUpperCase() !== 'NULL';
  if (has('primary key') || has('unique')) return false;
  if (/\bSTORED\b/i.test(has('generated')?.text ?? '')) return false;
  if (has('not null') && !plain && !has('generated')) return false;
  if (value !== undefined && /^\(|^CURRENT_/i.test(value)) return false;
  return !(has('references') && plain);
}

export async function removeColumn(ctx: AlterContext, table: string, name: string): Promise<void> {
  const { name: actual, sql } = await findTable(ctx, table);
  const parsed = parseTable(sql);
  const column = requireColumn(parsed, table, name);
  await refuseReferenced(ctx, actual, parsed, column);
  const others = (await schemaObjects(ctx)).filter((object) => object.sql !== null && object.type !== 'table');
  const used =
    column.clauses.some(({ kind }) => ['primary key', 'unique', 'references', 'check'].includes(kind)) ||
    parsed.constraints.some(({ text }) => mentions(text, name)) ||
    parsed.columns.some((other) => other !== column && other.clauses.some(({ text }) => mentions(text, name))) ||
    others.some((object) => mentions(object.sql ?? '', name));
  if (!used) {
    await execute(ctx, `ALTER TABLE ${quoteIdentifier(actual)} DROP COLUMN ${quoteIdentifier(column.name)}`);
    return;
  }
  await rebuild(ctx, table, (text, whole) => withoutColumn(text, whole, table, name));
}

/** A foreign key to a removed column would make each write to the child fail with `foreign key mismatch`. */
async function refuseReferenced(
  ctx: AlterContext,
  table: string,
  parsed: ParsedTable,
  column: ParsedColumn,
): Promise<void> {
  const isKey = inPrimaryKey(parsed, column);
  const reference = (await referencesTo(ctx, table)).find(
    ({ name, column: own, to }) =>
      (to === null ? isKey : same(to, column.name)) && !(same(name, table) && same(own, column.name)),
  );
  if (reference === undefined) return;
  throw refuse(
    `${reference.name}.${reference.column} references ${table}.${column.name}. Remove that column or its foreign key first.`,
  );
}

/** Constraints on the column are removed with it, as in PostgreSQL; a generated column that needs it is an error. */
function withoutColumn(sql: string, parsed: ParsedTable, table: string, name: string): Splice[] {
  const column = requireColumn(parsed, table, name);
  const needing = parsed.columns.find(
    (other) => other !== column && other.clauses.some(({ kind, text }) => kind === 'generated' && mentions(text, name)),
  );
  if (needing !== undefined) throw refuse(`${table}.${needing.name} is generated from ${name}. Remove it first.`);
  if (parsed.columns.length === 1) throw refuse(`${name} is the only column of ${table}; drop the table instead.`);
  if (parsed.withoutRowid && inPrimaryKey(parsed, column))
    throw refuse(`${name} is in the primary key of ${table}, which is WITHOUT ROWID and needs a primary key.`);
  const over = ({ kind, columns, text }: Clause) =>
    kind === 'check' ? mentions(text, name) : columns.some((one) => same(one, name));
  const rest = { ...parsed, constraints: [], columns: parsed.columns.filter((other) => other !== column) };
  return [
    ...removeItems(sql, [column, ...parsed.constraints.filter(over)]),
    ...withoutClauses(sql, rest, ({ kind, text }) => kind === 'check' && mentions(text, name)),
  ];
}

function inPrimaryKey({ constraints }: ParsedTable, { name, clauses }: ParsedColumn): boolean {
  return (
    clauses.some(({ kind }) => kind === 'primary key') ||
    constraints.some(({ kind, columns }) => kind === 'primary key' && columns.some((one) => same(one, name)))
  );
}

/** SQLite's own rename also updates indexes, triggers, views and the references of other tables. */
export async function renameColumn(ctx: AlterContext, table: string, from: string, to: string): Promise<void> {
  await execute(
    ctx,
    `ALTER TABLE ${quoteIdentifier(table)} RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`,
  );
}

export function requireColumn(parsed: ParsedTable, table: string, name: string): ParsedColumn {
  const column = parsed.columns.find((candidate) => same(candidate.name, name));
  if (column !== undefined) return column;
  throw refuse(`The table ${table} has no column ${name}; it has ${parsed.columns.map((one) => one.name).join(', ')}.`);
}
