import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import { bodyOf, historyRow, MigrationStopped, runBody } from './one-migration.ts';
import type { DoneMigration, MigrationWork } from './port.ts';
import type { MigrationSession, TransactionMode } from './session.ts';

/** How long one migration is tried again for after lock timeouts and deadlocks, in milliseconds. */
const RETRY_BUDGET = 60_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/**
 * A migration's body and its history row, in one transaction. What a lock timeout or a deadlock ends is rolled back
 * as a whole and tried again as a whole, with growing and jittered pauses.
 */
export async function runInTransaction(
  migration: LoadedMigration,
  work: MigrationWork,
  session: MigrationSession,
): Promise<DoneMigration> {
  const deadline = performance.now() + RETRY_BUDGET;
  let mode: TransactionMode = 'normal';
  let pause = FIRST_PAUSE;
  for (;;) {
    const attempt = await attemptOnce(migration, work, session, mode);
    if ('done' in attempt) return attempt.done;
    const retry = session.retryOf(attempt.error);
    const changesMode = retry !== undefined && retry.mode !== mode;
    const mayRetry = work.singleTransaction !== true && retry !== undefined && (changesMode || retry.pause);
    if (!mayRetry || work.signal?.aborted || performance.now() + pause > deadline) {
      throw stop(attempt, migration, session);
    }
    mode = retry.mode;
    if (!retry.pause) continue;
    work.onRetry?.(`${migration.revision}: ${retry.why}; rolled back, trying again`);
    await sleep(pause * (0.5 + Math.random()), undefined, { signal: work.signal }).catch(() => {});
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

type Attempt =
  | { done: DoneMigration }
  | { error: unknown; statement: SqlStatement | undefined; last: string | undefined };

async function attemptOnce(
  migration: LoadedMigration,
  work: MigrationWork,
  session: MigrationSession,
  mode: TransactionMode,
): Promise<Attempt> {
  const began = performance.now();
  const own = work.singleTransaction !== true;
  let statement: SqlStatement | undefined;
  let committing = false;
  const finished = (effects?: DoneMigration['effects']): Attempt => ({
    done: { revision: migration.revision, seconds: (performance.now() - began) / 1000, effects },
  });
  work.onAttempt?.(migration);
  try {
    if (own) await session.begin(mode);
    const observation = work.observe ? await session.observe() : undefined;
    await runBody(bodyOf(migration, work.direction), session, (next) => {
      statement = next;
    });
    statement = undefined;
    if (work.direction === 'up') await session.putHistory(historyRow(migration, work, 'applied', began));
    else await session.removeHistory(migration.revision);
    const effects = await observation?.effects(migration.revision, (performance.now() - began) / 1000);
    committing = true;
    if (own) await session.commit();
    return finished(effects);
  } catch (error) {
    const { last } = session.trace();
    if (own) await session.rollback();
    // The connection broke while COMMIT was under way: only the history knows whether it took place.
    if (committing && own && (await recordedAsWished(migration, work, session))) return finished();
    return { error, statement, last };
  }
}

async function recordedAsWished(
  { revision }: LoadedMigration,
  { direction }: MigrationWork,
  session: MigrationSession,
): Promise<boolean> {
  return (await session.isRecorded(revision).catch(() => direction !== 'up')) === (direction === 'up');
}

function stop(
  { error, statement, last }: Exclude<Attempt, { done: DoneMigration }>,
  { revision }: LoadedMigration,
  session: MigrationSession,
): MigrationStopped {
  const problem = session.problemOf(error, statement);
  const passing = problem.reason === 'LockTimeout' || problem.reason === 'ConnectionLost';
  const failure = {
    problem: { ...problem, migration: revision, statement: problem.statement ?? last?.slice(0, 1_000) },
    retry: passing ? ('safe' as const) : ('never' as const),
    touched: false,
  };
  return new MigrationStopped(failure, { cause: error });
}
