import { type Clause, type ParsedColumn, type ParsedTable, parseTable } from '../ddl/parse-table.ts';
import { quoteIdentifier } from '../driver.ts';
import type { ColumnOptions } from './interface.ts';
import { mentions, rebuild } from './rebuild.ts';
import { execute, findTable, refuse, same, schemaObjects, type Workbench } from './workbench.ts';

export async function addColumn(bench: Workbench, table: string, name: string, options: ColumnOptions): Promise<void> {
  const column = columnFrom(bench, table, name, options);
  if (canBeAdded(column)) {
    await execute(bench, `ALTER TABLE ${quoteIdentifier(table)} ADD COLUMN ${textOf(column)}`);
    return;
  }
  await rebuild(bench, table, (parsed) => ({ ...parsed, columns: [...parsed.columns, column] }));
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

export async function removeColumn(bench: Workbench, table: string, name: string): Promise<void> {
  const { sql } = await findTable(bench, table);
  const parsed = parseTable(sql);
  const column = requireColumn(parsed, table, name);
  const others = (await schemaObjects(bench)).filter((object) => object.sql !== null && object.type !== 'table');
  const used =
    column.clauses.some(({ kind }) => ['primary key', 'unique', 'references', 'check'].includes(kind)) ||
    parsed.constraints.some(({ text }) => mentions(text, name)) ||
    parsed.columns.some((other) => other !== column && other.clauses.some(({ text }) => mentions(text, name))) ||
    others.some((object) => mentions(object.sql ?? '', name));
  if (!used) {
    await execute(bench, `ALTER TABLE ${quoteIdentifier(table)} DROP COLUMN ${quoteIdentifier(column.name)}`);
    return;
  }
  await rebuild(bench, table, (whole) => withoutColumn(whole, table, name));
}

/** Constraints over the column go with it, as in PostgreSQL; a generated column that needs it is a refusal. */
function withoutColumn(parsed: ParsedTable, table: string, name: string): ParsedTable {
  const needing = parsed.columns.find(
    (column) =>
      !same(column.name, name) && column.clauses.some(({ kind, text }) => kind === 'generated' && mentions(text, name)),
  );
  if (needing !== undefined) throw refuse(`${table}.${needing.name} is generated from ${name}. Remove it first.`);
  const kept = parsed.columns.filter((column) => !same(column.name, name));
  if (kept.length === 0) throw refuse(`${name} is the only column of ${table}; drop the table instead.`);
  return {
    ...parsed,
    autoincrement:
      parsed.autoincrement && kept.some(({ clauses }) => clauses.some(({ text }) => /AUTOINCREMENT/i.test(text))),
    columns: kept.map((column) => ({
      ...column,
      clauses: column.clauses.filter(({ kind, text }) => kind !== 'check' || !mentions(text, name)),
    })),
    constraints: parsed.constraints.filter(({ kind, columns, text }) =>
      kind === 'check' ? !mentions(text, name) : !columns.some((column) => same(column, name)),
    ),
  };
}

export async function renameColumn(bench: Workbench, table: string, from: string, to: string): Promise<void> {
  await execute(
    bench,
    `ALTER TABLE ${quoteIdentifier(table)} RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`,
  );
}

/**
 * Type, NOT NULL and DEFAULT become what is given, as Sequelize does on every dialect; a reference or UNIQUE that is
 * given replaces or joins what is there. Everything else of the column stays.
 */
export async function changeColumn(
  bench: Workbench,
  table: string,
  name: string,
  options: ColumnOptions,
): Promise<void> {
  const wanted = columnFrom(bench, table, name, options);
  const restated = new Set<Clause['kind']>(['not null', 'null', 'default', ...wanted.clauses.map(({ kind }) => kind)]);
  await rebuild(bench, table, (parsed) => {
    const column = requireColumn(parsed, table, name);
    const kept = column.clauses.filter(({ kind }) => !restated.has(kind));
    const changed = { ...column, type: wanted.type, clauses: [...wanted.clauses, ...kept].sort(keyFirst) };
    return { ...parsed, columns: parsed.columns.map((other) => (other === column ? changed : other)) };
  });
}

function keyFirst(a: Clause, b: Clause): number {
  return Number(b.kind === 'primary key') - Number(a.kind === 'primary key');
}

function requireColumn(parsed: ParsedTable, table: string, name: string): ParsedColumn {
  const column = parsed.columns.find((candidate) => same(candidate.name, name));
  if (column === undefined)
    throw refuse(
      `The table ${table} has no column ${name}; it has ${parsed.columns.map((one) => one.name).join(', ')}.`,
    );
  return column;
}

/** The definition as Sequelize writes it for SQLite, in its parts. */
function columnFrom(
  { sequelize, queryInterface }: Workbench,
  table: string,
  name: string,
  options: ColumnOptions,
): ParsedColumn {
  const { normalizeAttribute } = sequelize as unknown as { normalizeAttribute(attribute: unknown): object };
  const generator = queryInterface.queryGenerator as {
    attributesToSQL(attributes: object, context: object): Record<string, string>;
  };
  const attribute = normalizeAttribute.call(sequelize, typeof options === 'string' ? { type: options } : options);
  const [sql = ''] = Object.values(
    generator.attributesToSQL({ [name]: { ...attribute, field: name } }, { context: 'addColumn', table }),
  );
  const [column] = parseTable(`CREATE TABLE x (${quoteIdentifier(name)} ${sql})`).columns;
  if (column === undefined) throw refuse(`The definition of ${table}.${name} cannot be read: ${sql}`);
  return column;
}

function textOf({ written, type, clauses }: ParsedColumn): string {
  return [written, type, ...clauses.map(({ text }) => text)].filter((part) => part !== '').join(' ');
}
