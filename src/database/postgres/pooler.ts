import { ProblemError } from '../../core/model/problem.ts';
import type { Client } from './driver.ts';

/**
 * Behind a pooler in transaction mode two statements of one connection may run on different server sessions, so a
 * session lock would be taken on one and asked for on another. It shows when another connection takes the server
 * session that we had: ours then gets a different one. (PgBouncer documents which features each mode supports.)
 */
export async function refusePooler(client: Client, another: () => Promise<Client>): Promise<void> {
  const mine = await backendOf(client);
  const others: Client[] = [];
  try {
    for (let i = 0; i < 2; i += 1) {
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

function unsupported(): ProblemError {
  return new ProblemError({
    reason: 'PoolerUnsupported',
    message:
      'The connection goes through a pooler in transaction mode (two connections share one server session), where a session lock does not hold. Connect to PostgreSQL directly, or to a pool in session mode.',
  });
}
