import { backoff } from '../model/backoff.ts';
import { parseDuration } from '../model/duration.ts';
import type { DatabaseMigrationSpec } from '../model/resource.ts';
import { digest } from './inputs.ts';

/**
 * When the attempt after `attempt` (1 is the first) may start, counted from the end of `attempt`. The delay doubles up
 * to `maxBackoff`. A jitter of up to a tenth is added, so that runs that failed together are not retried together. The
 * jitter of a run is always the same.
 */
export function retryAt(
  { retry }: Pick<DatabaseMigrationSpec, 'retry'>,
  attempt: number,
  finishedAt: Date,
  run: string,
): Date {
  const first = parseDuration(retry.backoff) ?? 0;
  const most = parseDuration(retry.maxBackoff) ?? first;
  const wait = backoff(attempt, { first, most });
  const jitter = Number.parseInt(digest(run).slice(0, 4), 16) / 0xffff / 10;
  return new Date(finishedAt.getTime() + Math.round(wait * (1 + jitter)));
}

/** Whether another attempt may follow the failed attempt. */
export function hasRetryLeft({ retry }: Pick<DatabaseMigrationSpec, 'retry'>, attempt: number): boolean {
  return attempt <= retry.limit;
}
