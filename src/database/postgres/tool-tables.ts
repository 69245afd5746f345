import pg from 'pg';
import type { ToolTable } from '../port.ts';
import { COMPARABLE, readObjects } from './catalogue/read.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { queryOn } from './dump-snapshot.ts';
import { qualified, withClient } from './queries.ts';

/** The tables of these names in all schemas but the server's own. */
export async function toolTables(client: Client, names: readonly string[]): Promise<ToolTable[]> {
  const { rows: found } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relname = ANY($1) AND n.nspname !~ '^pg_' AND has_table_privilege(c.oid, 'SELECT')
     ORDER BY 1, 2`,
    [names],
  );
  const tables: ToolTable[] = [];
  for (const { schema, name } of found) {
    const sql = `SELECT * FROM ${qualified(schema, name)}`;
    tables.push({ schema, name, rows: (await client.query<Record<string, unknown>>(sql)).rows });
  }
  return tables;
}

/** Prepared transactions of this database. One of another user, which may not be ended, is listed and stays. */
export async function preparedTransactions(client: Client, options?: { rollBack: boolean }): Promise<string[]> {
  const { rows } = await client.query<{ gid: string }>(
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared',
  );
  const names = rows.map(({ gid }) => gid);
  if (options?.rollBack) {
    for (const name of names) await client.query(`ROLLBACK PREPARED ${pg.escapeLiteral(name)}`).catch(() => {});
  }
  return names;
}

/** Every object with a hash of its definition, by a connection whose settings make them comparable. */
export async function objects(open: PostgresConnection): Promise<Map<string, string>> {
  return withClient(open.another('db-manager objects'), async (client) => {
    await client.query(COMPARABLE.map((setting) => `SET ${setting}`).join('; '));
    const entries = await readObjects(queryOn(client), {
      major: Math.floor(open.version / 10_000),
      largeObjects: false,
    });
    return new Map(entries.map(({ class: kind, name, value }) => [`${kind}\0${name}`, value ?? '']));
  });
}
