import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryRow } from '../core/model/history.ts';
import { ProblemError } from '../core/model/problem.ts';
import { findRevision } from '../core/planning/target.ts';
import { readHistory } from '../database/read-history.ts';
import { listRevisions } from '../migrations/read.ts';
import { type Options, resolvePaths, settingsOf } from './settings.ts';

export interface WaitOptions extends Options {
  /** A revision, its unique prefix, or `head`: all migrations of the folder. Default `head`. */
  revision?: string;
  /** Seconds; 0 waits without a limit. Default 300. */
  timeout?: number;
}

export interface Waited {
  reached: boolean;
  /** The expected revision. */
  revision: string;
  seconds: number;
  /** Why it was not reached, in a sentence. */
  why?: string;
  /** The missing migrations, in order; absent if the database did not respond. */
  pending?: string[];
}

const POLL_MS = 1_000;

/**
 * Waits until a revision is applied: for an init container that delays the start of an application. It queries the
 * database, not the Job, so it survives the clean-up of Jobs and needs no API permissions. It also waits for a database
 * that is not reachable yet. Throws ProblemError only for an error that waiting cannot fix.
 *
 * @example
 * const { reached } = await waitForRevision({ databaseUrl: 'sqlite:///data/app.db', revision: 'head', timeout: 60 });
 */
export async function waitForRevision(options: WaitOptions = {}): Promise<Waited> {
  const { target, timeouts } = await settingsOf(options);
  const wanted = await revisionsOf(options);
  const revision = options.revision ?? 'head';
  const start = performance.now();
  const limit = (options.timeout ?? 300) * 1000 || Number.POSITIVE_INFINITY;
  let logged = '';
  for (;;) {
    const left = limit - (performance.now() - start);
    // Each attempt is short, because it is followed by the next one.
    const connect = Math.max(200, Math.min(timeouts.connect || 5_000, 5_000, left));
    const missing = await look(() => readHistory(target, { ...timeouts, connect }), wanted);
    const seconds = (performance.now() - start) / 1000;
    if (missing === undefined) return { reached: true, revision, seconds };
    if (options.signal?.aborted || seconds * 1000 + POLL_MS > limit) {
      return { reached: false, revision, seconds, ...missing };
    }
    const { why } = missing;
    if (why !== logged) options.onMessage?.(`waiting: ${why}`);
    logged = why;
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** `head` needs the folder. A revision by name does not, so that any image can wait for it. */
async function revisionsOf(options: WaitOptions): Promise<(history: readonly HistoryRow[]) => string[]> {
  const { revision } = options;
  if (revision === undefined || revision === 'head') {
    const { migrations, include, exclude } = await resolvePaths(options);
    const listed = await listRevisions(migrations, { include, exclude });
    if (!listed.ok) throw new ProblemError(listed.problem);
    return () => listed.revisions;
  }
  return (history) => {
    const found = findRevision(
      revision,
      history.map((row) => row.revision),
    );
    if (found.ok) return [found.revision];
    if (found.problem.reason === 'AmbiguousTarget') throw new ProblemError(found.problem);
    return [revision];
  };
}

const MAY_COME: readonly string[] = ['DatabaseUnreachable', 'DatabaseNotFound', 'ConnectionLost'];

async function look(
  read: () => Promise<HistoryRow[]>,
  wanted: (history: readonly HistoryRow[]) => string[],
): Promise<(Pick<Waited, 'pending'> & { why: string }) | undefined> {
  try {
    const history = await read();
    const applied = new Set<string>(history.flatMap(({ revision, state }) => (state === 'applied' ? [revision] : [])));
    const pending = wanted(history).filter((revision) => !applied.has(revision));
    if (pending.length === 0) return undefined;
    const why =
      pending.length === 1 ? `${pending[0]} is not applied yet` : `${pending.length} migrations are not applied yet`;
    return { why, pending };
  } catch (error) {
    if (error instanceof ProblemError && MAY_COME.includes(error.problem.reason)) return { why: error.message };
    throw error;
  }
}
