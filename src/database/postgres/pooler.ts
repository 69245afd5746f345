import { ProblemError } from '../../core/model/problem.ts';
import type { Client } from './driver.ts';
import { poolerMessage } from './errors.ts';

/** How many other sessions are used to test the pool. */
const OTHERS = 4;

/**
 * Behind a pooler in transaction mode two statements of one connection may run on different server sessions, so a
 * session lock would be taken on one and checked on another.
 *
 * A server sends each client the ID of its process (BackendKeyData); a pooler makes up that number (pgbouncer
 * #1296). If it is the real one no pooler is in use. Otherwise other connections take sessions from the pool and keep
 * them: in transaction mode one of them gets our previous session, or we get a different one.
 */
export async function refusePooler(client: Client, another: () => Promise<Client>): Promise<void> {
  const mine = await backendOf(client);
  if (mine === toldBackendOf(client)) return;
  const others: Client[] = [];
  try {
    for (let i = 0; i < OTHERS; i += 1) {
      const other = await another();
      others.push(other);
      // While the other is in a transaction it keeps the server session that it was given.
      await other.query('BEGIN');
      if ((await backendOf(other)) === mine || (await backendOf(client)) !== mine) throw unsupported();
    }
  } finally {
    await Promise.all(others.map((other) => other.end().catch(() => {})));
  }
}

async function backendOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}

/** node-postgres keeps it for cancelling; its types omit it. */
function toldBackendOf(client: Client): number | undefined {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined;
}

function unsupported(): ProblemError {
  return new ProblemError({
    reason: 'PoolerUnsupported',
    message: poolerMessage('transaction'),
  });
}
