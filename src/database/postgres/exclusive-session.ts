import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../core/model/problem.ts';
import { describeHolder, keyOf, tryLock } from './advisory.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';

/** How long to wait for a session that the server is terminating, in milliseconds. */
const WAIT = 15_000;
const POLL = 100;

/**
 * One session migrates at a time. A session whose client is gone may still be active on the server, in a statement
 * or in the COMMIT whose answer was lost; only after its end does the history show the outcome.
 * Throws ProblemError LockHeld.
 */
export async function fence(client: Client, open: PostgresConnection): Promise<void> {
  const key = keyOf('migrating', open.target.schemas[0] ?? 'public');
  const deadline = performance.now() + WAIT;
  while (!(await tryLock(client, key))) {
    if (performance.now() > deadline) {
      const holder = await describeHolder(client, key);
      throw new ProblemError({
        reason: 'LockHeld',
        message: `Another session is migrating ${open.identity.display}: ${holder}. It may belong to a killed run; PostgreSQL ends it when its current statement finishes.`,
      });
    }
    await sleep(POLL);
  }
}
