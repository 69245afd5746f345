import { count } from '../core/model/count.ts';
import type { LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import { joinSentences } from '../core/model/sentences.ts';
import { succeeds } from '../core/model/succeeds.ts';
import { failureLocation, MigrationStopped, putRow, runBody } from './one-migration.ts';
import type { DoneMigration, MigrationWork } from './port.ts';
import { retriesOf } from './retries.ts';
import type { MigrationSession } from './session.ts';

/**
 * A migration that opted out of its transaction (`CREATE INDEX CONCURRENTLY`). A row that records this is written first,
 * so a killed run is detected. If nothing in it has succeeded, the row is removed again and the migration can be rerun.
 */
export async function runOutsideTransaction(
  migration: LoadedMigration,
  work: MigrationWork,
  session: MigrationSession,
): Promise<DoneMigration> {
  const pause = retriesOf(migration, work);
  for (;;) {
    const attempt = await attemptOnce(migration, work, session);
    if ('done' in attempt) return attempt.done;
    const { stopped, why } = attempt;
    if (why === undefined || !(await pause(why))) throw stopped;
  }
}

/** `why` if it may be tried again: the migration has changed nothing, and the cause is temporary. */
type Attempt = { done: DoneMigration } | { stopped: MigrationStopped; why: string | undefined };

async function attemptOnce(
  migration: LoadedMigration,
  work: MigrationWork,
  session: MigrationSession,
): Promise<Attempt> {
  const began = performance.now();
  const up = work.direction === 'up';
  const put = (state: 'applied' | 'started' | 'reverting') => putRow(session, migration, work, state, began);
  const remove = () => session.removeHistory(migration.revision);
  let statement: SqlStatement | undefined;
  let started = 0;
  work.onAttempt?.(migration);
  try {
    await put(up ? 'started' : 'reverting');
  } catch (error) {
    const problem = { ...session.problemOf(error, undefined), migration: migration.revision };
    const retry = problem.reason === 'LockTimeout' ? 'safe' : 'never';
    const stopped = new MigrationStopped({ problem, retry, touched: false });
    return { stopped, why: session.retryOf(error)?.why };
  }
  const observation = work.observe ? await session.observe() : undefined;
  try {
    await runBody(migration, work.direction, session, (next) => {
      statement = next;
      started += 1;
    });
  } catch (error) {
    const problem = session.problemOf(error, statement);
    const retry = session.retryOf(error);
    const repaired = await session.cleanUp();
    // If its first statement failed, the migration has changed nothing. If the connection broke, the statement may
    // have succeeded.
    const sent = statement === undefined && problem.code !== undefined ? session.lastStatement().statements : started;
    const nothing = sent === 1 && problem.reason !== 'ConnectionLost';
    // Otherwise the row stays, and the next run reports that the migration was interrupted.
    const untouched = nothing && (await succeeds(up ? remove() : put('applied')));
    const message = joinSentences(problem.message, repaired, untouched ? undefined : partly(sent - 1));
    const stopped = new MigrationStopped({
      problem: {
        ...problem,
        ...failureLocation(migration, error, problem, undefined),
        migration: migration.revision,
        message,
      },
      retry: untouched && problem.reason === 'LockTimeout' ? 'safe' : 'never',
      touched: !untouched,
    });
    return { stopped, why: untouched && retry?.pause ? retry.why : undefined };
  }
  const seconds = (performance.now() - began) / 1000;
  const effects = await observation?.effects(migration.revision, seconds);
  await (up ? put('applied') : remove());
  return { done: { revision: migration.revision, seconds, effects } };
}

function partly(statements: number): string {
  const before =
    statements > 0
      ? `${count(statements, 'statement')} before this one took effect`
      : 'a part of it may have taken effect';
  return `It runs outside a transaction, so ${before}. Inspect the database, then run: db-manager repair`;
}
