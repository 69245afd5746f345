import type { Clause, ParsedColumn, ParsedTable } from '../../../sql/sqlite/create-table.ts';
import { parseTable } from '../../../sql/sqlite/create-table.ts';
import { quoteIdentifier } from '../driver.ts';
import { codeOf } from '../errors.ts';
import { requireColumn } from './columns.ts';
import { columnFrom } from './definition.ts';
import { rebuild } from './rebuild.ts';
import { hasComments, removeItems, removePart, type Splice } from './text.ts';
import {
  type AlterContext,
  altersConstraints,
  type ColumnOptions,
  execute,
  findTable,
  refuse,
  same,
} from './workbench.ts';

/**
 * The given options are applied, as in Sequelize on SQLite; everything else of the column is kept: its type
 * if none is given, NOT NULL without `allowNull`, DEFAULT without `defaultValue`. A given reference or UNIQUE
 * replaces or joins the existing one. (On PostgreSQL Sequelize drops NOT NULL and DEFAULT if they are not given.)
 */
export async function changeColumn(
  ctx: AlterContext,
  table: string,
  name: string,
  options: ColumnOptions,
): Promise<void> {
  const found = await findTable(ctx, table);
  const column = requireColumn(parseTable(found.sql), table, name);
  const given = named(options) && !options.type ? { ...options, type: column.type } : options;
  const wanted = keepUnnamed(column, await columnFrom(ctx, table, name, given), options);
  if (onlyNullability(column, wanted) && !hasComments(found.sql) && (await altersConstraints(ctx))) {
    await nativeNotNull(ctx, found.name, column.name, has(wanted, 'not null') !== undefined);
    return;
  }
  const single = named(options) && 'unique' in options && !options.unique;
  await rebuild(ctx, table, (sql, parsed) => {
    const current = requireColumn(parsed, table, name);
    return [...change(sql, parsed, current, wanted), ...(single ? withoutUnique(sql, parsed, current) : [])];
  });
}

/** Options with names, not only a type. */
function named(options: ColumnOptions): options is Exclude<ColumnOptions, string> {
  const prototype: unknown = typeof options === 'object' ? Object.getPrototypeOf(options) : undefined;
  return prototype === Object.prototype || prototype === null;
}

/** Clauses that the options do not mention stay unchanged. */
function keepUnnamed(column: ParsedColumn, wanted: ParsedColumn, options: ColumnOptions): ParsedColumn {
  const isGiven = (word: string) => named(options) && word in options;
  const kept = column.clauses.filter(
    ({ kind }) =>
      ((kind === 'not null' || kind === 'null') && !isGiven('allowNull')) ||
      (kind === 'default' && !isGiven('defaultValue')),
  );
  const clauses = wanted.clauses.filter(({ kind }) => !kept.some((clause) => clause.kind === kind));
  return { ...wanted, clauses: [...clauses, ...kept] };
}

/** `unique: false`: a UNIQUE on only this column is removed, wherever it is written. */
function withoutUnique(sql: string, parsed: ParsedTable, column: ParsedColumn): Splice[] {
  const own = column.clauses.filter(({ kind }) => kind === 'unique').map((clause) => removePart(sql, clause));
  const alone = parsed.constraints.filter(
    ({ kind, columns }) => kind === 'unique' && columns.length === 1 && same(columns[0] ?? '', column.name),
  );
  return [...own, ...removeItems(sql, alone)];
}

function has({ clauses }: ParsedColumn, kind: Clause['kind']): Clause | undefined {
  return clauses.find((clause) => clause.kind === kind);
}

function onlyNullability(column: ParsedColumn, wanted: ParsedColumn): boolean {
  const restates = wanted.clauses.every(({ kind }) => ['not null', 'null', 'default'].includes(kind));
  const differs = (has(column, 'not null') === undefined) !== (has(wanted, 'not null') === undefined);
  return restates && differs && same(column.type, wanted.type) && sameDefault(column, wanted);
}

function sameDefault(column: ParsedColumn, wanted: ParsedColumn): boolean {
  return has(column, 'default')?.expression === has(wanted, 'default')?.expression;
}

/** SQLite's own ALTER needs no rebuild, but for rows that do not fit it only reports `constraint failed`. */
async function nativeNotNull(ctx: AlterContext, table: string, column: string, notNull: boolean): Promise<void> {
  const [t, c] = [quoteIdentifier(table), quoteIdentifier(column)];
  const change = execute(ctx, `ALTER TABLE ${t} ALTER COLUMN ${c} ${notNull ? 'SET' : 'DROP'} NOT NULL`);
  await change.catch((error: Error) => {
    if (codeOf(error) !== 'SQLITE_CONSTRAINT') throw error;
    throw refuse(
      `Some rows of ${table} have no ${column}. Fill them first: UPDATE ${t} SET ${c} = … WHERE ${c} IS NULL`,
    );
  });
}

/** Each clause is replaced in its position; new ones are added after the type. */
function change(sql: string, parsed: ParsedTable, column: ParsedColumn, wanted: ParsedColumn): Splice[] {
  const missing = new Map(wanted.clauses.map((clause) => [clause.kind, clause.text]));
  const splices: Splice[] = [];
  for (const clause of column.clauses) {
    const text = missing.get(clause.kind);
    if (text === undefined) {
      if (['not null', 'null', 'default'].includes(clause.kind)) splices.push(removePart(sql, clause));
      continue;
    }
    missing.delete(clause.kind);
    if (!stays(clause, wanted)) splices.push({ start: clause.start, end: clause.end, text });
  }
  const alone = (clause: Clause) => clause.columns.length === 1 && same(clause.columns[0] ?? '', column.name);
  // Table constraints on only this column belong to the column: a new reference replaces it, and UNIQUE is not repeated.
  if (missing.has('references')) {
    const old = parsed.constraints.filter((clause) => clause.kind === 'foreign key' && alone(clause));
    splices.push(...removeItems(sql, old));
  }
  for (const kind of ['unique', 'primary key'] as const)
    if (parsed.constraints.some((clause) => clause.kind === kind && alone(clause))) missing.delete(kind);
  const added = [...missing.values()].map((text) => ` ${text}`).join('');
  const type = same(column.type, wanted.type) ? column.type : wanted.type;
  const gap = column.type === '' && type !== '' ? ' ' : '';
  const replaced = `${gap}${type}${added}`;
  if (replaced !== column.type) splices.push({ ...column.typeSpan, text: replaced });
  return splices;
}

/** An existing name, ON CONFLICT or AUTOINCREMENT is kept unless the definition contradicts it. */
function stays(clause: Clause, wanted: ParsedColumn): boolean {
  const text = has(wanted, clause.kind);
  switch (clause.kind) {
    case 'not null':
    case 'null':
    case 'unique':
      return true;
    case 'primary key':
      return !/\bAUTOINCREMENT\b/i.test(text?.text ?? '') || /\bAUTOINCREMENT\b/i.test(clause.text);
    case 'default':
      return clause.expression === text?.expression;
    default:
      return false;
  }
}
