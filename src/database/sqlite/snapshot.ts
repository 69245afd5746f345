import type {
  CheckConstraint,
  Column,
  ForeignKey,
  Index,
  KeyConstraint,
  Snapshot,
  Table,
  UniqueConstraint,
} from '../../core/model/snapshot.ts';
import { type ParsedTable, parseTable } from '../../sql/sqlite/create-table.ts';
import { all, type Connection } from './driver.ts';
import { readForeignKeys } from './snapshot-foreign-keys.ts';
import { readIndexes, type TableIndexes } from './snapshot-indexes.ts';

/**
 * The schema as data, in a constant number of queries: sqlite_schema joined with the table-valued PRAGMAs
 * (https://sqlite.org/pragma.html#pragfunc). What no PRAGMA returns (CHECKs, names of constraints, COLLATE, DEFERRABLE)
 * is read from the CREATE TABLE text.
 */
export async function snapshot(connection: Connection, { own }: { own: readonly string[] }): Promise<Snapshot> {
  const objects = await all<SchemaRow>(
    connection,
    `SELECT type, name, tbl_name AS "table", sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name NOT IN (SELECT value FROM json_each(?)) ORDER BY name`,
    [JSON.stringify(own)],
  );
  const columns = await readColumns(connection);
  const texts = objects.filter(({ type, sql }) => type === 'index' && sql !== null);
  const indexes = await readIndexes(connection, new Map(texts.map(({ name, sql }) => [name, sql])));
  const foreignKeys = await readForeignKeys(connection);
  const triggers = Map.groupBy(
    objects.filter(({ type }) => type === 'trigger'),
    ({ table }) => table,
  );
  const tables = objects
    .filter(({ type, sql }) => type === 'table' && !/^\s*CREATE\s+VIRTUAL/i.test(sql))
    .map(({ name, sql }): Table => {
      const parsed = parseTable(sql);
      const rows = columnRows(columns.get(name) ?? '[]');
      const own = rows.map((row) => toColumn(row, parsed));
      return {
        schema: 'main',
        name,
        columns: own,
        ...primaryKeyOf(rows, parsed),
        uniques: uniquesOf(indexes.get(name), parsed),
        foreignKeys: namedForeignKeys(foreignKeys.get(name) ?? [], parsed),
        checks: checksOf(parsed),
        exclusions: [],
        indexes: (indexes.get(name)?.own ?? []).map((index) => withoutOwnCollation(index, own)),
        triggers: (triggers.get(name) ?? []).map((trigger) => ({ name: trigger.name, definition: trigger.sql })),
        options: { withoutRowid: parsed.withoutRowid, strict: parsed.strict, autoincrement: parsed.autoincrement },
      };
    });
  const views = objects
    .filter(({ type }) => type === 'view')
    .map(({ name, sql }) => ({ schema: 'main', name, materialized: false, definition: sql }));
  return { dialect: 'sqlite', tables, enums: [], sequences: [], views };
}

/** A collation is set for an index only if it differs from the column's. */
function withoutOwnCollation(index: Index, columns: readonly Column[]): Index {
  const parts = index.parts.map((part) => {
    const own = 'column' in part ? columns.find(({ name }) => name === part.column)?.collation : undefined;
    const { collation, ...rest } = part;
    return collation === undefined || collation.toUpperCase() !== own?.toUpperCase() ? part : rest;
  });
  return { ...index, parts };
}

interface SchemaRow {
  type: 'table' | 'index' | 'trigger' | 'view';
  name: string;
  table: string;
  sql: string;
}

interface ColumnRow {
  name: string;
  type: string;
  notNull: 0 | 1;
  default: string | null;
  /** Position in the primary key, starting at 1; 0 for other columns. */
  key: number;
  /** 2: virtual generated, 3: stored generated. */
  hidden: number;
}

/** The columns of each table as JSON: lists of rows for all columns would be most of the memory for a large schema. */
async function readColumns(connection: Connection): Promise<Map<string, string>> {
  const rows = await all<{ table: string; columns: string }>(
    connection,
    `SELECT s.name AS "table", json_group_array(json_array(x.cid, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden)) AS columns
     FROM sqlite_schema s JOIN pragma_table_xinfo(s.name) x
     WHERE s.type = 'table' AND x.hidden <> 1 GROUP BY s.name`,
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

type ColumnValues = [position: number, string, string, 0 | 1, string | null, number, number];

function columnRows(text: string): ColumnRow[] {
  return (JSON.parse(text) as ColumnValues[])
    .sort(([a], [b]) => a - b)
    .map(([, name, type, notNull, value, key, hidden]) => ({ name, type, notNull, default: value, key, hidden }));
}

function toColumn(row: ColumnRow, parsed: ParsedTable): Column {
  const written = parsed.columns.find(({ name }) => name.toLowerCase() === row.name.toLowerCase());
  const generated = written?.clauses.find(({ kind }) => kind === 'generated');
  const collation = written?.clauses.find(({ kind }) => kind === 'collate')?.expression;
  return {
    name: row.name,
    type: row.type,
    nullable: row.notNull === 0,
    ...(row.default === null ? {} : { default: row.default }),
    ...(generated === undefined
      ? {}
      : { generated: { expression: generated.expression ?? '', stored: row.hidden === 3 } }),
    ...(collation === undefined ? {} : { collation }),
  };
}

function primaryKeyOf(rows: ColumnRow[], parsed: ParsedTable): { primaryKey?: KeyConstraint } {
  const columns = rows
    .filter(({ key }) => key > 0)
    .sort((a, b) => a.key - b.key)
    .map(({ name }) => name);
  if (columns.length === 0) return {};
  const name = [...parsed.constraints, ...parsed.columns.flatMap(({ clauses }) => clauses)].find(
    ({ kind }) => kind === 'primary key',
  )?.name;
  return { primaryKey: { ...(name === undefined ? {} : { name }), columns } };
}

/** UNIQUE constraints are the indexes with origin `u`; their names are available only in the text. */
function uniquesOf(indexes: TableIndexes | undefined, parsed: ParsedTable): UniqueConstraint[] {
  const named = [
    ...parsed.constraints.filter(({ kind }) => kind === 'unique'),
    ...parsed.columns.flatMap(({ name, clauses }) =>
      clauses.filter(({ kind }) => kind === 'unique').map((clause) => ({ ...clause, columns: [name] })),
    ),
  ];
  return (indexes?.uniques ?? [])
    .map((columns) => {
      const name = named.find((clause) => sameNames(clause.columns, columns))?.name;
      return { ...(name === undefined ? {} : { name }), columns, nullsNotDistinct: false };
    })
    .sort(byText);
}

function namedForeignKeys(keys: ForeignKey[], parsed: ParsedTable): ForeignKey[] {
  const clauses = [
    ...parsed.constraints.filter(({ kind }) => kind === 'foreign key'),
    ...parsed.columns.flatMap(({ name, clauses }) =>
      clauses.filter(({ kind }) => kind === 'references').map((clause) => ({ ...clause, columns: [name] })),
    ),
  ];
  return keys
    .map((key) => {
      const clause = clauses.find(({ columns }) => sameNames(columns, key.columns));
      const deferred = /(NOT\s+)?DEFERRABLE(\s+INITIALLY\s+DEFERRED)?/i.exec(clause?.text ?? '');
      return {
        ...key,
        ...(clause?.name === undefined ? {} : { name: clause.name }),
        ...(deferred !== null && deferred[1] === undefined
          ? {
              deferrable:
                deferred[2] === undefined ? ('INITIALLY IMMEDIATE' as const) : ('INITIALLY DEFERRED' as const),
            }
          : {}),
      };
    })
    .sort(byText);
}

function checksOf(parsed: ParsedTable): CheckConstraint[] {
  const clauses = [...parsed.columns.flatMap(({ clauses }) => clauses), ...parsed.constraints].filter(
    ({ kind }) => kind === 'check',
  );
  return clauses
    .map(({ name, expression = '' }) => ({ ...(name === undefined ? {} : { name }), expression, validated: true }))
    .sort(byText);
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name.toLowerCase() === b[index]?.toLowerCase());
}

function byText(a: object, b: object): number {
  const left = JSON.stringify(a);
  const right = JSON.stringify(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
