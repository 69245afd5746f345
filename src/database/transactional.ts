import type { LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import { runOutsideTransaction } from './non-transactional.ts';
import { bodyOf, failureLocation, MigrationStopped, putRow, rowOf, runBody } from './one-migration.ts';
import type { DoneMigration, MigrationWork } from './port.ts';
import { retriesOf } from './retries.ts';
import type { MigrationSession, TransactionMode } from './session.ts';

/**
 * A migration's body and its history row, in one transaction. After a lock timeout or a deadlock the whole transaction is
 * rolled back and retried, with growing and jittered pauses.
 */
export async function runInTransaction(
  migration: LoadedMigration,
  work: MigrationWork,
  session: MigrationSession,
): Promise<DoneMigration> {
  const retries = retriesOf(migration, work);
  let mode: TransactionMode = 'normal';
  for (;;) {
    const attempt = await attemptOnce(migration, work, session, mode);
    if ('done' in attempt) return attempt.done;
    const outside = mayLeave(migration, work) ? session.outsideOnly(attempt.error) : undefined;
    if (outside !== undefined) return { ...(await runOutsideTransaction(migration, work, session)), outside };
    const retry = work.singleTransaction ? undefined : session.retryOf(attempt.error);
    const otherMode = retry !== undefined && retry.mode !== mode && !work.signal?.aborted;
    const again = otherMode || (retry?.pause === true && (await retries.pause(retry.why)));
    if (!again) throw stop(attempt, migration, session);
    mode = retry?.mode ?? mode;
  }
}

/**
 * The tools that this code is written for open no transaction, so a statement that cannot run in one is valid there.
 * Trying costs nothing: the statements before it are rolled back.
 */
function mayLeave(migration: LoadedMigration, work: MigrationWork): boolean {
  const { kind } = bodyOf(migration, work.direction);
  return kind === 'code' && migration.atomic !== true && work.singleTransaction !== true;
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
  const finished = (effects?: DoneMigration['effects']): Attempt => ({
    done: { revision: migration.revision, seconds: (performance.now() - began) / 1000, effects },
  });
  work.onAttempt?.(migration);
  try {
    const body = bodyOf(migration, work.direction);
    if (body.kind === 'sql' && maySendAtOnce(body.statements, work, session)) {
      const history =
        work.direction === 'up' ? { put: rowOf(migration, work, 'applied', began) } : { remove: migration.revision };
      const sent = await session.atOnce?.run(body.statements, history, (next) => {
        statement = next;
      });
      if (sent === true) return finished();
      statement = undefined;
    }
    if (own) await session.begin(mode);
    else await session.startOver();
    const observation = work.observe ? await session.observe() : undefined;
    const heard = (next: SqlStatement) => {
      statement = next;
    };
    await runBody(migration, work.direction, session, heard);
    statement = undefined;
    if (work.direction === 'up') await putRow(session, migration, work, 'applied', began);
    else await session.removeHistory(migration.revision);
    const effects = await observation?.effects(migration.revision, (performance.now() - began) / 1000);
    if (own) await session.commit();
    return finished(effects);
  } catch (error) {
    const { last } = session.lastStatement();
    if (own) await session.rollback();
    // If the answer to a COMMIT was lost, only the history shows whether it succeeded.
    if (own && session.commitOutcomeUnknown(error) && (await recordedAsWished(migration, work, session)))
      return finished();
    return { error, statement, last };
  }
}

/** Listeners of statements and observers of effects need to look between them. */
function maySendAtOnce(
  statements: readonly SqlStatement[],
  work: MigrationWork,
  { atOnce }: MigrationSession,
): boolean {
  const { singleTransaction, observe, onStatement, onShared } = work;
  if (singleTransaction === true || observe === true || onStatement !== undefined || onShared !== undefined)
    return false;
  return atOnce?.accepts(statements) === true;
}

async function recordedAsWished(
  { revision }: LoadedMigration,
  { direction }: MigrationWork,
  session: MigrationSession,
): Promise<boolean> {
  return (await session.isRecorded(revision).catch(() => direction !== 'up')) === (direction === 'up');
}

/** The message about a failed attempt, for the user. */
export function stop(
  { error, statement, last }: Exclude<Attempt, { done: DoneMigration }>,
  migration: LoadedMigration,
  session: MigrationSession,
): MigrationStopped {
  const problem = session.problemOf(error, statement);
  const passing = problem.reason === 'LockTimeout' || problem.reason === 'ConnectionLost';
  const failure = {
    problem: { ...problem, migration: migration.revision, ...failureLocation(migration, error, problem, last) },
    retry: passing ? ('safe' as const) : ('never' as const),
    touched: false,
  };
  return new MigrationStopped(failure, { cause: error });
}
