import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../core/model/problem.ts';
import { describeHolder, keyOf, tryLock } from './advisory.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';

/** How long to wait for a session that is being ended by the server, in milliseconds. */
const WAIT = 15_000;
const POLL = 100;

/**
 * One session migrates at a time. A session whose client is gone may still be at work on the server, in a statement
 * or in the COMMIT whose answer was lost; only when it has ended does the history tell what became of it.
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
        message: `Another session migrates ${open.identity.display}: ${holder}. It may be what is left of a run that was killed; the server ends it when its statement is over.`,
      });
    }
    await sleep(POLL);
  }
}
