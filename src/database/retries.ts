import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../core/model/backoff.ts';
import type { LoadedMigration } from '../core/model/migration.ts';
import type { MigrationWork } from './port.ts';

/** How long one migration is retried after lock timeouts and deadlocks, in milliseconds. */
const BUDGET = 60_000;
const PAUSE_MS = { first: 100, most: 5_000 } as const;

/** Waits before the next attempt, with growing and jittered pauses; false if there are no more attempts. */
type Pause = (why: string) => Promise<boolean>;

export function retriesOf({ revision }: LoadedMigration, { signal, onRetry }: MigrationWork): Pause {
  const deadline = performance.now() + BUDGET;
  let failures = 0;
  return async (why) => {
    const wait = backoff(failures + 1, PAUSE_MS);
    if (signal?.aborted || performance.now() + wait > deadline) return false;
    failures += 1;
    onRetry?.(`${revision}: ${why}; rolled back, retrying`);
    await sleep(wait * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
    return true;
  };
}
