import { stat } from 'node:fs/promises';
import { OWN_TABLES } from '../../core/model/history.ts';
import type { TableSize } from '../port.ts';
import { all, type Connection, quoteIdentifier } from './driver.ts';

/** Bytes of the file and of what its WAL holds. */
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

/** SQLite keeps no count of rows and, built without dbstat, no size of a table: the rows are counted. */
export async function tableSizes(connection: Connection): Promise<Map<string, TableSize>> {
  const counts = await countRows(connection);
  return new Map([...counts].map(([name, rows]) => [name, { rows }]));
}

/** Exact row counts of every table but ours and SQLite's own; keys are `main.<table>`. */
export async function countRows(connection: Connection): Promise<Map<string, number>> {
  const tables = await all<{ name: string }>(
    connection,
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT IN (?, ?) ORDER BY name",
    [...OWN_TABLES],
  );
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    const [row] = await all<{ n: number }>(connection, `SELECT count(*) AS n FROM ${quoteIdentifier(name)}`);
    counts.set(`main.${name}`, row?.n ?? 0);
  }
  return counts;
}
