import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../core/model/problem.ts';
import type { LockOptions } from './port.ts';

interface MigrationLock {
  /** The database, for messages. */
  display: string;
  tryLock(): Promise<boolean>;
  describeHolder(): Promise<string>;
  /** Between two attempts, in milliseconds. */
  pollMs: number;
}

/** Tries until this run has the lock. Throws ProblemError LockHeld after `deadline` (`performance.now()`). */
export async function waitForLock(
  { display, tryLock, describeHolder, pollMs }: MigrationLock,
  deadline: number,
  { waitMs, onWaiting, signal }: LockOptions,
): Promise<void> {
  let reported = '';
  while (!(await tryLock())) {
    const holder = await describeHolder();
    if (signal?.aborted || performance.now() > deadline) {
      const message = `Another run holds the migration lock for ${display}: ${holder}. Waited ${Math.round(waitMs / 1000)} s.`;
      throw new ProblemError({ reason: 'LockHeld', message });
    }
    if (holder !== reported) onWaiting?.(`waiting for ${holder}`);
    reported = holder;
    await sleep(pollMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
  }
}
