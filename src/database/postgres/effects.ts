import type { Observation } from '../session.ts';
import type { Client } from './driver.ts';
import type { LockWatch } from './lock-watch.ts';
import { countRows } from './size.ts';

/** From the weakest to the strongest (PostgreSQL manual, 13.3.1). */
const STRENGTH = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];

/** What a migration holds and does, seen from its own connection just before it commits. */
export async function observe(
  client: Client,
  schemas: readonly string[],
  statements: () => number,
  watch: LockWatch,
): Promise<Observation> {
  const rowsBefore = await countRows(client, schemas);
  const filesBefore = await storage(client, schemas);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  watch.start(rows[0]?.pid ?? 0);
  return {
    async effects(revision, seconds) {
      const heldFor = await watch.stop();
      const locks = await heldLocks(client, schemas);
      const filesAfter = await storage(client, schemas);
      const rowsAfter = await countRows(client, schemas);
      const tables = [...new Set([...rowsBefore.keys(), ...rowsAfter.keys()])].sort();
      return {
        revision,
        seconds,
        statements: statements(),
        // A table that the migration made is nobody else's yet; its locks do not matter.
        locks: locks
          .filter(({ table }) => filesBefore.has(table))
          .map((lock) => ({ ...lock, seconds: heldFor(lock.table, lock.mode) ?? round(seconds) })),
        rewrites: [...filesBefore]
          .filter(([name, node]) => (filesAfter.get(name) ?? node) !== node)
          .map(([name]) => name),
        rows: tables
          .map((table) => ({ table, before: rowsBefore.get(table) ?? null, after: rowsAfter.get(table) ?? null }))
          .filter(({ before, after }) => before !== after),
      };
    },
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** `schema.table` to the file that holds it: another number means that the table was written anew. */
async function storage(client: Client, schemas: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; node: string }>(
    `SELECT n.nspname || '.' || c.relname AS name, c.relfilenode::text AS node
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = ANY($1)`,
    [schemas],
  );
  return new Map(rows.map(({ name, node }) => [name, node]));
}

async function heldLocks(client: Client, schemas: readonly string[]): Promise<{ table: string; mode: string }[]> {
  const { rows } = await client.query<{ table: string; mode: string }>(
    `SELECT n.nspname || '.' || c.relname AS "table", l.mode
     FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p') AND n.nspname = ANY($1)`,
    [schemas],
  );
  const strongest = new Map<string, string>();
  for (const { table, mode } of rows) {
    const known = strongest.get(table);
    if (known === undefined || STRENGTH.indexOf(mode) > STRENGTH.indexOf(known)) strongest.set(table, mode);
  }
  return [...strongest].map(([table, mode]) => ({ table, mode })).sort((a, b) => (a.table < b.table ? -1 : 1));
}
