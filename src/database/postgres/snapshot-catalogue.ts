import pg, { type QueryResult } from 'pg';
import type { Client } from './client.ts';

/** The scope of a snapshot: these schemas, without the tables of db-manager. */
export interface SnapshotScope {
  schemas: readonly string[];
  own: readonly string[];
}

/** A part of the snapshot: a query whose rows come back as one JSON list, and its rows' type. */
export interface SnapshotPart<Row> {
  sql: string;
  /** Never filled; it carries the type. */
  row?: Row;
}

type Rows<Parts extends Record<string, SnapshotPart<unknown>>> = {
  [Name in keyof Parts]: (Parts[Name] extends SnapshotPart<infer Row> ? Row : never)[];
};

/**
 * All parts in one statement: one round trip, and one consistent state of the catalogue, also during concurrent changes.
 * `:schemas` is the list of schemas, `:own` the names of our own tables.
 */
export async function readParts<Parts extends Record<string, SnapshotPart<unknown>>>(
  client: Client,
  parts: Parts,
  { schemas, own }: SnapshotScope,
): Promise<Rows<Parts>> {
  const columns = Object.entries(parts).map(
    ([name, { sql }]) => `(SELECT coalesce(json_agg(part), '[]'::json) FROM (${sql}) part) AS "${name}"`,
  );
  const lists: Record<string, string> = { schemas: listOf(schemas), own: listOf(own) };
  const sql = `SELECT ${columns.join(',\n')}`.replaceAll(/(?<!:):(schemas|own)\b/g, (_, name) => lists[name] ?? '');
  // The text of a default with a time and a zone depends on the time zone. Two statements in one message are one transaction.
  const results: unknown = await client.query(`SET LOCAL TIME ZONE 'UTC'; ${sql}`);
  const [row] = (results as QueryResult<Rows<Parts>>[])[1]?.rows ?? [];
  if (row === undefined) throw new Error('a SELECT without FROM gives one row');
  return row;
}

function listOf(values: readonly string[]): string {
  return values.length === 0 ? 'NULL' : values.map((value) => pg.escapeLiteral(value)).join(', ');
}

/** The key of a table in this module: schema and name with a character between them that names do not contain. */
export const keyOf = (schema: string, table: string) => `${schema}\0${table}`;

/** Rows by the table they belong to, in their order. */
export function byTable<Row extends { schema: string; table: string }>(rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, ({ schema, table }) => keyOf(schema, table));
}

/** A condition that excludes objects of extensions: they are not managed by migrations. */
export function notOfExtension(oid: string, catalogue: string): string {
  return `NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = ${oid} AND e.classid = '${catalogue}'::regclass AND e.deptype = 'e')`;
}
