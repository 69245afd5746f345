import type { TableSize } from '../port.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { qualified } from './queries.ts';

/** Bytes of the database on the server's disk: tables, indexes, TOAST. */
export async function sizeBytes(client: Client): Promise<number> {
  const { rows } = await client.query<{ size: string }>('SELECT pg_database_size(current_database()) AS size');
  return Number(rows[0]?.size ?? 0);
}

/** Bytes of the largest table with its indexes: what a migration that rewrites it needs in addition. */
export async function largestTableBytes(client: Client): Promise<number> {
  const { rows } = await client.query<{ size: string }>(
    "SELECT coalesce(max(pg_total_relation_size(oid)), 0) AS size FROM pg_class WHERE relkind IN ('r', 'm')",
  );
  return Number(rows[0]?.size ?? 0);
}

/** The estimates of the planner and the statistics, and the sizes with indexes and TOAST: one query, no table is read. */
export async function tableSizes(
  client: Client,
  schemas: readonly string[],
  own: readonly string[],
): Promise<Map<string, TableSize>> {
  const { rows } = await client.query<{ name: string; rows: string; bytes: string; empty: boolean }>(
    `SELECT n.nspname || '.' || c.relname AS name, pg_total_relation_size(c.oid)::text AS bytes,
       greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0)::text AS rows,
       c.relkind = 'r' AND pg_relation_size(c.oid) = 0 AS empty
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1) AND c.relname <> ALL($2)`,
    [schemas, own],
  );
  // Before the first ANALYZE no estimate exists.
  const estimate = (rows: number, empty: boolean) => (rows > 0 ? { rows } : empty ? { rows: 0 } : {});
  return new Map(
    rows.map(({ name, rows, bytes, empty }) => [name, { ...estimate(Number(rows), empty), bytes: Number(bytes) }]),
  );
}

/** Exact row counts of every table of the schemas but ours, in one query; keys are `schema.table`. */
export async function countRows(
  client: Client,
  schemas: readonly string[],
  own: readonly string[],
): Promise<Map<string, number>> {
  const { rows: tables } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY($1) AND c.relname <> ALL($2) ORDER BY 1, 2`,
    [schemas, own],
  );
  const counts = await countEach(client, tables);
  return new Map(tables.map(({ schema, name }, index) => [`${schema}.${name}`, counts[index] ?? 0]));
}

/** The number of rows of each table, in one query. */
export async function countEach(
  client: Client,
  tables: readonly { schema: string; name: string }[],
): Promise<number[]> {
  if (tables.length === 0) return [];
  const selects = tables.map(({ schema, name }) => `(SELECT count(*) FROM ${qualified(schema, name)})`);
  const { rows } = await client.query<{ counts: string[] }>(`SELECT ARRAY[${selects.join(', ')}]::text[] AS counts`);
  return (rows[0]?.counts ?? []).map(Number);
}

/** Rows, or those with a value in a column; 0 if the table or the column does not exist. Without a schema, the first that has it. */
export async function countValues(
  client: Client,
  schemas: readonly string[],
  table: { schema?: string; name: string },
  column?: string,
): Promise<number> {
  const { rows: found } = await client.query<{ schema: string }>(
    `SELECT n.nspname::text AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relname = $1 AND n.nspname = ANY ($3)
       AND ($2::text IS NULL OR EXISTS (SELECT 1 FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped))
     ORDER BY array_position($3, n.nspname::text) LIMIT 1`,
    [table.name, column ?? null, table.schema === undefined ? [...new Set([...schemas, 'public'])] : [table.schema]],
  );
  const [place] = found;
  if (place === undefined) return 0;
  const { rows } = await client.query<{ n: string }>(
    `SELECT count(${column === undefined ? '*' : quoteIdentifier(column)})::text AS n FROM ${qualified(place.schema, table.name)}`,
  );
  return Number(rows[0]?.n ?? 0);
}
