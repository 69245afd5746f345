import { stat } from 'node:fs/promises';
import type { OwnTables } from '../../core/model/history.ts';
import type { TableSize } from '../port.ts';
import { all, type Connection, quoteIdentifier } from './driver.ts';

/** Bytes of the file and of its WAL. */
export async function sizeBytes(path: string): Promise<number> {
  const sizes = await Promise.all(
    [path, `${path}-wal`].map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** SQLite stores no row count and, without dbstat, no table size, so the rows are counted. */
export async function tableSizes(connection: Connection, own: OwnTables): Promise<Map<string, TableSize>> {
  const counts = await countRows(connection, own);
  return new Map([...counts].map(([name, rows]) => [name, { rows }]));
}

/** Number of counts in one query; SQLite allows 500 (SQLITE_MAX_COMPOUND_SELECT). */
const TOGETHER = 200;

/** Exact row count of every table, or of these, except our own and SQLite's; keys are `main.<table>`. */
export async function countRows(
  connection: Connection,
  own: OwnTables,
  only?: readonly string[],
): Promise<Map<string, number>> {
  const tables = await all<{ name: string }>(
    connection,
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR name IN (SELECT value FROM json_each(?2))) ORDER BY name",
    [JSON.stringify(own.names), only === undefined ? null : JSON.stringify(only)],
  );
  const counts = new Map<string, number>();
  for (let from = 0; from < tables.length; from += TOGETHER) {
    const some = tables.slice(from, from + TOGETHER);
    const selects = some.map(({ name }) => `SELECT count(*) AS n FROM ${quoteIdentifier(name)}`);
    const rows = await all<{ n: number }>(connection, selects.join(' UNION ALL '));
    for (const [index, { name }] of some.entries()) counts.set(`main.${name}`, rows[index]?.n ?? 0);
  }
  return counts;
}

/** Rows, or those with a value in a column; 0 if the table or the column does not exist. */
export async function countValues(connection: Connection, table: { name: string }, column?: string): Promise<number> {
  const found = await all<{ name: string }>(
    connection,
    `SELECT name FROM pragma_table_xinfo(?) WHERE ? IS NULL OR name = ? COLLATE NOCASE LIMIT 1`,
    [table.name, column ?? null, column ?? null],
  );
  const [known] = found;
  if (known === undefined) return 0;
  const what = column === undefined ? '*' : quoteIdentifier(known.name);
  const [row] = await all<{ n: number }>(connection, `SELECT count(${what}) AS n FROM ${quoteIdentifier(table.name)}`);
  return row?.n ?? 0;
}
