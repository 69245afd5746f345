import type { CatalogueDigest } from '../../core/model/backup.ts';
import { readProperties } from './catalogue/database.ts';
import { packCatalogue } from './catalogue/digest.ts';
import { type CatalogueEntry, COMPARABLE, type RunQuery, readEntries } from './catalogue/read.ts';
import { readSequences } from './catalogue/rows.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';

export interface DumpScope {
  /** None of the schemas exists: an empty backup. */
  empty?: boolean;
  /** Only these; absent: the whole database. */
  schemas?: readonly string[];
  /** Large objects belong to no schema; they are in a backup of the whole database, where the user may read them. */
  largeObjects: boolean;
}

interface DumpSnapshot {
  /** For `pg_dump --snapshot`. */
  id: string;
  /** Reads the catalogue as the snapshot sees it. */
  read(): Promise<void>;
  /** After the dump. Sequences are outside of snapshots: one that changed during the dump is not compared. */
  digest(): Promise<CatalogueDigest>;
  close(): Promise<void>;
}

export function queryOn(client: Client): RunQuery {
  return async (sql) => (await client.query({ text: sql, rowMode: 'array' })).rows.map(([line]) => String(line));
}

/** Opens a transaction whose snapshot pg_dump shares, so that the digest describes exactly what the dump contains. */
export async function openSnapshot(open: PostgresConnection, scope: DumpScope): Promise<DumpSnapshot> {
  const client = await open.another('db-manager backup snapshot');
  const run = queryOn(client);
  const options = { major: Math.floor(open.version / 10_000), ...scope };
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    for (const setting of COMPARABLE) await client.query(`SET LOCAL ${setting}`);
    const [id = ''] = await run('SELECT pg_export_snapshot()');
    const before = await readSequences(run, options);
    let entries: CatalogueEntry[] = [];
    return {
      id,
      async read() {
        entries = await readEntries(run, options);
      },
      async digest() {
        const after = new Map((await readSequences(run, options)).map(({ name, value }) => [name, value]));
        const moved = new Set(before.filter(({ name, value }) => after.get(name) !== value).map(({ name }) => name));
        const settled = entries.map((entry) =>
          entry.class === 'sequence value' && moved.has(entry.name) ? { ...entry, value: null } : entry,
        );
        const properties = scope.schemas === undefined ? await readProperties(run) : undefined;
        return packCatalogue({ serverMajor: options.major, ...scope, entries: settled, properties });
      },
      close: () => client.end(),
    };
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}
