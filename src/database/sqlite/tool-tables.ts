import { createHash } from 'node:crypto';
import type { ToolTable } from '../port.ts';
import { all, type Connection, quoteIdentifier } from './driver.ts';

/** The tables of these names, with all their rows. */
export async function toolTables(connection: Connection, names: readonly string[]): Promise<ToolTable[]> {
  const found = await all<{ name: string }>(
    connection,
    "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
  );
  const tables: ToolTable[] = [];
  for (const { name } of found.filter((one) => names.includes(one.name))) {
    const rows = await all<Record<string, unknown>>(connection, `SELECT * FROM ${quoteIdentifier(name)}`);
    tables.push({ schema: 'main', name, rows });
  }
  return tables;
}

/** Every table, index, view and trigger with a hash of its text. */
export async function objects(connection: Connection): Promise<Map<string, string>> {
  const found = await all<{ type: string; name: string; sql: string | null }>(
    connection,
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY type, name",
  );
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
  return new Map(found.map(({ type, name, sql }) => [`${type}\0${type} ${name}`, hash(sql ?? '')]));
}
