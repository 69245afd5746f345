import { createHash } from 'node:crypto';
import type { Client } from './driver.ts';
import { isoText } from './history.ts';

/** Two 32-bit halves of an advisory lock's key. Advisory locks are per database, so its name is not part of it. */
export type AdvisoryKey = readonly [number, number];

/**
 * `writer` is held for a whole run, on a separate idle connection. `migrating` is held by the session in
 * which migrations run: it outlives a killed process for as long as the server still executes its last statement.
 */
export function keyOf(purpose: 'writer' | 'migrating', schema: string): AdvisoryKey {
  const name = purpose === 'writer' ? `db-manager\n${schema}` : `db-manager\n${schema}\nmigrating`;
  const digest = createHash('sha256').update(name).digest();
  return [digest.readInt32BE(0), digest.readInt32BE(4)];
}

/** Tries to take the lock for the session; never waits: a waiter has a snapshot that CREATE INDEX CONCURRENTLY waits for. */
export async function tryLock(client: Client, key: AdvisoryKey): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS got', [...key]);
  return rows[0]?.got === true;
}

export async function unlock(client: Client, key: AdvisoryKey): Promise<void> {
  await client.query('SELECT pg_advisory_unlock($1, $2)', [...key]);
}

const GRANTED = `l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
  AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Whether this session still has it. A lost connection holds nothing. */
export async function holds(client: Client, [high, low]: AdvisoryKey): Promise<boolean> {
  const sql = `SELECT 1 FROM pg_locks l WHERE l.pid = pg_backend_pid() AND ${GRANTED}`;
  const { rows } = await client.query(sql, [high >>> 0, low >>> 0]).catch(() => ({ rows: [] }));
  return rows.length === 1;
}

/** Describes the holder. For sessions of other roles the server shows only a part (pg_read_all_stats). */
export async function describeHolder(client: Client, [high, low]: AdvisoryKey): Promise<string> {
  const { rows } = await client.query<{
    name: string | null;
    pid: number;
    address: string | null;
    since: string | null;
  }>(
    `SELECT a.application_name AS name, l.pid, host(a.client_addr) AS address, ${isoText('a.backend_start')} AS since
     FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE ${GRANTED}`,
    [high >>> 0, low >>> 0],
  );
  const [row] = rows;
  if (row === undefined) return 'a run that has just ended';
  const name = row.name?.replace(/^db-manager (lock|migrate) /, 'run ') || 'a client without a name';
  const from = row.address === null ? '' : ` from ${row.address}`;
  const since = row.since === null ? '' : `, connected since ${row.since}`;
  return `${name} (backend ${row.pid}${from})${since}`;
}
