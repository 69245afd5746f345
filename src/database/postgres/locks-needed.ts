/** How many locks one transaction can hold that drops and creates the whole content of a database. */
import type { Client } from './driver.ts';

/** All transactions together hold this many (PostgreSQL manual, 20.12); memory that is left over allows some more. */
const CAPACITY = `current_setting('max_locks_per_transaction')::bigint * (1 + (
    SELECT sum(setting::bigint) FROM pg_settings
     WHERE name IN ('max_connections', 'max_prepared_transactions', 'max_worker_processes', 'autovacuum_max_workers', 'max_wal_senders')))`;

/** A lock for each relation that is dropped and for each that is created; for each dropped type, constraint and default too. */
const NEEDED = `(SELECT 2 * count(*) + 2 * count(*) FILTER (WHERE relkind IN ('r', 'p', 'v', 'm', 'f')) FROM pg_class
     WHERE oid >= 16384 AND relpersistence <> 't')
  + (SELECT count(*) FROM pg_constraint WHERE oid >= 16384) + (SELECT count(*) FROM pg_attrdef)`;

interface Locks {
  needed: number;
  capacity: number;
}

export async function readLocks(client: Client): Promise<Locks> {
  const { rows } = await client.query<{ needed: string; capacity: string }>(
    `SELECT (${NEEDED})::text AS needed, (${CAPACITY})::text AS capacity`,
  );
  return { needed: Number(rows[0]?.needed ?? 0), capacity: Number(rows[0]?.capacity ?? 0) };
}

/** The estimate is a rough one: below this share of it the server may still have enough. */
const SURE = 1.3;

/** Why the database cannot be restored in place, as a sentence with the remedy; undefined if it can. */
export async function lockShortage(client: Client): Promise<string | undefined> {
  const { needed, capacity } = await readLocks(client);
  if (needed <= SURE * capacity) return undefined;
  const { rows } = await client.query<{ now: string }>("SELECT current_setting('max_locks_per_transaction') AS now");
  const wanted = Math.ceil((Number(rows[0]?.now ?? 64) * needed) / capacity / 64) * 64;
  return `a restore in place is one transaction, which needs about ${needed} locks, and the server has ${capacity}. Restore as a role that owns the database and has CREATEDB, or set max_locks_per_transaction to ${wanted} on the server and restart it`;
}
