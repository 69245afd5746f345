/**
 * The loop that applies and reverts migrations, for both dialects; the only file that uses Umzug.
 *
 * Umzug orders and calls; it does not log. Its `logMigration` runs after `up`, outside of the migration's
 * transaction (umzug #708), so a crash between the two would lose the record of an applied migration. Here the history
 * row is written by the migration's own transaction: see `historyIsInTheTransaction`.
 */

import type { MigrationError, UmzugStorage } from 'umzug';
import type { LoadedMigration } from '../core/model/migration.ts';
import type { Problem } from '../core/model/problem.ts';
import { loadUmzug } from '../loader/umzug.ts';
import { groupOf } from './batched.ts';
import { runOutsideTransaction } from './non-transactional.ts';
import { MigrationStopped, putRow } from './one-migration.ts';
import type { DoneMigration, MigrationOutcome, MigrationWork } from './port.ts';
import type { MigrationSession, TransactionMode } from './session.ts';
import { sentTogether } from './together.ts';
import { runInTransaction } from './transactional.ts';

/** `mode` is for a single transaction, which is started here; otherwise one is started for each migration. */
export async function migrateWithUmzug(
  work: MigrationWork,
  session: MigrationSession,
  mode: TransactionMode = 'normal',
): Promise<MigrationOutcome> {
  const umzugModule = loadUmzug();
  const done: DoneMigration[] = [];

  const onDone = (result: DoneMigration) => {
    done.push(result);
    work.onDone?.(result, done.length - 1);
  };
  const onStart = (migration: LoadedMigration, waiting = 0) => work.onStart?.(migration, done.length + waiting);
  const make = session.atOnce === undefined ? groupOf : sentTogether;
  const group = make(work, session, { onStart, onDone });
  const run = async (migration: LoadedMigration) => {
    if (group.accepts(migration)) return group.run(migration);
    await group.finish();
    onStart(migration);
    onDone(
      transactional(migration, work)
        ? await runInTransaction(migration, work, session)
        : await runOutsideTransaction(migration, work, session),
    );
  };
  /** Queries after a migration's end were rejected, so a part of its work is missing, and it is unknown how much. */
  const refuseLate = async () => {
    const [revision] = session.late();
    const migration = work.migrations.find((one) => one.revision === revision);
    if (migration === undefined) return;
    await group.finish();
    const state = work.direction === 'up' ? 'started' : 'reverting';
    const touched = work.singleTransaction !== true;
    if (touched) await putRow(session, migration, work, state, performance.now());
    throw new MigrationStopped({ problem: late(migration, touched), retry: 'never', touched });
  };
  const runOne = async (migration: LoadedMigration) => {
    if (work.signal?.aborted) {
      await group.stop();
      throw new MigrationStopped();
    }
    await run(migration);
    await refuseLate();
  };

  // Umzug reverts executed migrations from the end of its list, so a downgrade plan is passed in reverse order.
  const list = work.direction === 'up' ? work.migrations : [...work.migrations].reverse();
  const umzug = new umzugModule.Umzug({
    migrations: list.map((migration) => ({
      name: migration.revision,
      up: () => runOne(migration),
      down: () => runOne(migration),
    })),
    storage: historyIsInTheTransaction(work.direction === 'up' ? [] : list),
    logger: undefined,
  });
  try {
    if (work.singleTransaction) await session.begin(mode);
    if (list.length > 0) await (work.direction === 'up' ? umzug.up() : umzug.down({ to: 0 }));
    await group.finish();
    await refuseLate();
    if (work.singleTransaction) await session.commit();
    return { kind: 'done', done };
  } catch (error) {
    await group.stop().catch(() => {});
    const stopped =
      error instanceof umzugModule.MigrationError
        ? stopOf(error, session)
        : error instanceof MigrationStopped
          ? error
          : undefined;
    if (work.singleTransaction) {
      await session.rollback();
      done.length = 0;
      // All of it runs again from the start if one of the migrations needs another mode.
      const other = session.retryOf(stopped?.cause ?? error)?.mode ?? mode;
      if (other !== mode && !work.signal?.aborted) return migrateWithUmzug(work, session, other);
      const problem = stopped === undefined ? session.problemOf(error, undefined) : undefined;
      // A connection that is lost in COMMIT leaves its outcome unknown; such a failure may have changed the database.
      if (problem !== undefined && problem.reason !== 'ConnectionLost') {
        return {
          kind: 'failed',
          done,
          problem,
          retry: problem.reason === 'LockTimeout' ? 'safe' : 'never',
          touched: false,
        };
      }
    }
    if (stopped === undefined) throw error;
    const { failure } = stopped;
    return failure === undefined ? { kind: 'stopped', done } : { kind: 'failed', done, ...failure };
  }
}

/** Says to Umzug which migrations of a plan are applied: none or all. It writes nothing. */
function historyIsInTheTransaction(applied: readonly LoadedMigration[]): UmzugStorage {
  return {
    executed: async () => applied.map(({ revision }) => revision),
    logMigration: async () => {},
    unlogMigration: async () => {},
  };
}

function transactional(migration: LoadedMigration, { direction, singleTransaction }: MigrationWork): boolean {
  return singleTransaction === true || migration.transactional[direction];
}

function late({ revision }: LoadedMigration, committed: boolean): Problem {
  const state = committed ? ' Its history row records this. Inspect the database, then run: db-manager repair' : '';
  return {
    reason: 'MigrationFailed',
    migration: revision,
    message: `${revision} sent a query after its end, which was rejected, so a part of its work is missing. Await every query.${state}`,
  };
}

/** Umzug's error names the migration that failed, and has the error of that migration as its cause. */
function stopOf({ cause, migration }: MigrationError, session: MigrationSession): MigrationStopped {
  if (cause instanceof MigrationStopped) return cause;
  const problem = { ...session.problemOf(cause, undefined), migration: migration.name };
  return new MigrationStopped({ problem, retry: 'never', touched: true });
}
