import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadedMigration } from '../core/model/migration.ts';
import type { MigrationWork } from './port.ts';

/** How long one migration is retried after lock timeouts and deadlocks, in milliseconds. */
const BUDGET = 60_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

interface Retries {
  /** Waits before the next attempt, with growing and jittered pauses; false if there are no more attempts. */
  pause(why: string): Promise<boolean>;
}

export function retriesOf({ revision }: LoadedMigration, { signal, onRetry }: MigrationWork): Retries {
  const deadline = performance.now() + BUDGET;
  let next = FIRST_PAUSE;
  return {
    async pause(why) {
      if (signal?.aborted || performance.now() + next > deadline) return false;
      onRetry?.(`${revision}: ${why}; rolled back, retrying`);
      await sleep(next * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      next = Math.min(next * 2, LONGEST_PAUSE);
      return true;
    },
  };
}
