import type { Direction, LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import { succeeds } from '../core/model/succeeds.ts';
import { bodyOf, putRow, runBody } from './one-migration.ts';
import type { DoneMigration, MigrationWork } from './port.ts';
import type { MigrationSession } from './session.ts';
import { runInTransaction, stop } from './transactional.ts';

/** A batch is committed once it is this old, in milliseconds: a crash can undo at most this much work. */
const MAX_BATCH_AGE_MS = 50;

/** Migrations that are not run one by one, because of what a COMMIT or a round trip costs. */
export interface MigrationGroup {
  /** False if a migration needs its own transaction. */
  accepts(migration: LoadedMigration): boolean;
  /** Throws MigrationStopped if it or one before it fails; the migrations before that one are committed then. */
  run(migration: LoadedMigration): Promise<void>;
  /** Completes the work since the last call. Throws as `run` does. */
  finish(): Promise<void>;
  /** Completes only what has begun. */
  stop(): Promise<void>;
}

export interface Reports {
  /** `waiting`: how many migrations before it are not reported as done yet. */
  onStart(migration: LoadedMigration, waiting?: number): void;
  onDone(done: DoneMigration): void;
}

/**
 * Each migration is as atomic as alone: its body and its history row are within one savepoint, a failed migration is
 * rolled back to its savepoint, and a crash loses only complete migrations with their rows. If a batch cannot be
 * committed, its members run again one by one, which also identifies the failing one. Only SQL can run twice unnoticed, so code is never in a batch.
 */
export function groupOf(work: MigrationWork, session: MigrationSession, { onStart, onDone }: Reports): MigrationGroup {
  const { direction } = work;
  // Listeners of statements and observers of effects need to know the migration, so they get one after the other.
  const watched = work.observe === true || work.onStatement !== undefined;
  let usable = session.marks !== undefined && !work.singleTransaction && !watched;
  let members: LoadedMigration[] = [];
  let results: DoneMigration[] = [];
  let began = 0;

  const close = () => {
    const closed = { members, results };
    members = [];
    results = [];
    return closed;
  };
  const oneByOne = async (migrations: LoadedMigration[]) => {
    for (const migration of migrations) onDone(await runInTransaction(migration, work, session));
  };
  const commit = async () => {
    const group = close();
    if (group.members.length === 0) return;
    try {
      await session.commit();
    } catch {
      await session.rollback();
      return oneByOne(group.members);
    }
    for (const result of group.results) onDone(result);
  };
  const attempt = async (migration: LoadedMigration, heard: (statement: SqlStatement) => void) => {
    const start = performance.now();
    await session.marks?.set();
    await runBody(migration, direction, session, heard);
    if (direction === 'up') await putRow(session, migration, work, 'applied', start);
    else await session.removeHistory(migration.revision);
    session.marks?.keep();
    members.push(migration);
    results.push({ revision: migration.revision, seconds: (performance.now() - start) / 1000 });
  };

  return {
    accepts(migration) {
      if (!usable || !migration.transactional[direction]) return false;
      if (defers(migration, direction)) usable = false;
      if (setsSession(migration, direction)) return false;
      return usable && bodyOf(migration, direction).kind === 'sql';
    },
    async run(migration) {
      onStart(migration, members.length);
      if (members.length === 0) {
        usable = (await session.marks?.allowed()) === true;
        // If another session holds the lock: a single migration waits for it and tries again.
        if (!usable || !(await succeeds(session.begin('normal')))) return oneByOne([migration]);
        began = performance.now();
      }
      let statement: SqlStatement | undefined;
      work.onAttempt?.(migration);
      try {
        await attempt(migration, (next) => {
          statement = next;
        });
      } catch (error) {
        const { last } = session.lastStatement();
        const again = session.retryOf(error) !== undefined;
        const back = await session.marks?.back();
        if (back !== true) {
          // An error may end the whole transaction (a full disk, ON CONFLICT ROLLBACK).
          await session.rollback();
          return oneByOne([...close().members, migration]);
        }
        if (members.length === 0) await session.rollback();
        else await commit();
        if (again) return oneByOne([migration]);
        throw stop({ error, statement, last }, migration, session);
      }
      if (performance.now() - began > MAX_BATCH_AGE_MS) await commit();
    },
    finish: commit,
    stop: commit,
  };
}

/** What outlives a transaction needs its own connection; see `sqlite/migrate.ts`. */
function setsSession(migration: LoadedMigration, direction: Direction): boolean {
  const body = bodyOf(migration, direction);
  return body.kind === 'sql' && body.statements.some(({ sql }) => SETS_SESSION.test(sql));
}

/** Temporary tables, attached databases and pragmas belong to a connection. */
export const SETS_SESSION = /\b(?:pragma|temp|temporary|attach|detach)\b/i;

/** A check at COMMIT would cover the whole batch, and one migration could repair what another broke. */
function defers(migration: LoadedMigration, direction: Direction): boolean {
  const body = bodyOf(migration, direction);
  return body.kind === 'sql' && body.statements.some(({ sql }) => /defer/i.test(sql));
}
