import type { LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import { runOutsideTransaction } from './non-transactional.ts';
import { bodyOf, failureLocation, MigrationStopped, putRow, rowOf, runBody } from './one-migration.ts';
import type { DoneMigration, MigrationWork } from './port.ts';
import { retriesOf } from './retries.ts';
import type { MigrationSession, TransactionMode } from './session.ts';

/**
 * A migration's body and its history row, in one transaction. After a lock timeout or a deadlock the whole transaction is
 * rolled back and retried, with growing and jittered pauses. `failed` is an attempt before the call, which was rolled back.
 */
export async function runInTransaction(
  migration: LoadedMigration,
  work: MigrationWork,
  session: MigrationSession,
  failed?: FailedAttempt,
): Promise<DoneMigration> {
  const pause = retriesOf(migration, work);
  let mode: TransactionMode = 'normal';
  for (let earlier = failed; ; earlier = undefined) {
    const attempt: Attempt = earlier ?? (await attemptOnce(migration, work, session, mode));
    if ('done' in attempt) return attempt.done;
    const outside = mayLeave(migration, work) ? session.outsideOnly(attempt.error) : undefined;
    if (outside !== undefined) return { ...(await runOutsideTransaction(migration, work, session)), outside };
    const retry: ReturnType<MigrationSession['retryOf']> = work.singleTransaction
      ? undefined
      : session.retryOf(attempt.error);
    const otherMode = retry !== undefined && retry.mode !== mode && !work.signal?.aborted;
    const again = otherMode || (retry?.pause === true && (await pause(retry.why)));
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

export interface FailedAttempt {
  error: unknown;
  /** The one that failed, if it came from SQL. */
  statement: SqlStatement | undefined;
  /** The last one that was sent. */
  last: string | undefined;
}

type Attempt = { done: DoneMigration } | FailedAttempt;

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
      const outcome = await session.atOnce?.run([{ statements: body.statements, history }], {
        onBegin() {},
        onStatement(_, next) {
          statement = next;
        },
        onDone() {},
      });
      if (outcome?.kind === 'failed') throw outcome.error;
      if (outcome !== undefined && outcome.kind !== 'unsuitable') return finished();
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
export function maySendAtOnce(
  statements: readonly SqlStatement[],
  work: MigrationWork,
  { atOnce }: MigrationSession,
): boolean {
  const { singleTransaction, observe, onStatement, onShared } = work;
  if (singleTransaction === true || observe === true || onStatement !== undefined || onShared !== undefined)
    return false;
  return atOnce?.accepts(statements) === true;
}

/** Whether the history shows that the migration is done; undefined if the database cannot be asked. */
export async function recordedAsWished(
  { revision }: LoadedMigration,
  { direction }: MigrationWork,
  session: MigrationSession,
): Promise<boolean | undefined> {
  const recorded = await session.isRecorded(revision).catch(() => undefined);
  return recorded === undefined ? undefined : recorded === (direction === 'up');
}

/** The message about a failed attempt, for the user. */
export function stop(
  { error, statement, last }: FailedAttempt,
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
