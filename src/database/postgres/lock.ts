import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../core/model/problem.ts';
import type { Lock, LockOptions } from '../port.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { refusePooler } from './pooler.ts';

const POLL = 200;

/**
 * One writer: a session-level advisory lock, polled with try-lock, on a connection of its own that idles outside
 * any transaction, so that CREATE INDEX CONCURRENTLY never waits for it. The server frees it when the connection
 * ends; keepalives see to it that a vanished client is noticed within seconds.
 */
export async function lock(open: PostgresConnection, options: LockOptions): Promise<Lock> {
  const client = await open.another(`db-manager lock ${options.runId} ${options.holder}`);
  try {
    await refusePooler(client, () => open.another('db-manager pooler check'));
    await client.query('SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2');
    const [high, low] = lockKey(open.target.schemas[0] ?? 'public');
    await wait(client, high, low, open, options);
    return hold(client, high, low);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function wait(
  client: Client,
  high: number,
  low: number,
  open: PostgresConnection,
  options: LockOptions,
): Promise<void> {
  const deadline = performance.now() + options.waitMs;
  let told = '';
  for (;;) {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS got', [high, low]);
    if (rows[0]?.got === true) return;
    const holder = await describeHolder(client, high, low);
    if (options.signal?.aborted || performance.now() > deadline) {
      throw new ProblemError({
        reason: 'LockHeld',
        message: `Another run works on ${open.identity.display}: ${holder}. Waited ${Math.round(options.waitMs / 1000)} s.`,
      });
    }
    if (holder !== told) options.onWaiting?.(`waiting for ${holder}`);
    told = holder;
    await sleep(POLL * (0.5 + Math.random()), undefined, { signal: options.signal }).catch(() => {});
  }
}

function hold(client: Client, high: number, low: number): Lock {
  let released = false;
  return {
    async held() {
      if (released) return false;
      const sql = `SELECT count(*)::int AS n FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 2
          AND classid = $1::bigint::oid AND objid = $2::bigint::oid
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      const { rows } = await client.query<{ n: number }>(sql, [high >>> 0, low >>> 0]).catch(() => ({ rows: [] }));
      return rows[0]?.n === 1;
    },
    async release() {
      if (released) return;
      released = true;
      await client.end();
    },
  };
}

async function describeHolder(client: Client, high: number, low: number): Promise<string> {
  const { rows } = await client.query<{ name: string; pid: number; address: string | null; since: Date }>(
    `SELECT a.application_name AS name, a.pid, a.client_addr::text AS address, a.backend_start AS since
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
       AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [high >>> 0, low >>> 0],
  );
  const [row] = rows;
  if (row === undefined) return 'a run that has just ended';
  const name = row.name.replace(/^db-manager lock /, 'run ') || 'a client without a name';
  return `${name} (backend ${row.pid}${row.address === null ? '' : ` from ${row.address}`}), connected since ${row.since.toISOString()}`;
}

/** Two 32-bit keys from our name and the schema of the history; advisory locks are per database anyway. */
function lockKey(schema: string): [number, number] {
  const digest = createHash('sha256').update(`db-manager\n${schema}`).digest();
  return [digest.readInt32BE(0), digest.readInt32BE(4)];
}
