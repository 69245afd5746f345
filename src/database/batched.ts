import type { Direction, LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import { bodyOf, historyRow, runBody } from './one-migration.ts';
import type { DoneMigration, MigrationWork } from './port.ts';
import type { MigrationSession } from './session.ts';
import { runInTransaction, stop } from './transactional.ts';

/** A group is committed once it is this old, in milliseconds: so much work a crash can undo, and no more. */
const MAX_BATCH_AGE_MS = 50;

/** Migrations that share a transaction, because their database goes to the disk several times for each COMMIT. */
export interface Batch {
  /** False where a migration has to have a transaction of its own. */
  accepts(migration: LoadedMigration): boolean;
  /** Throws MigrationStopped where it fails; those before it are committed then. */
  run(migration: LoadedMigration): Promise<void>;
  /** Commits what has run since the last one. */
  commit(): Promise<void>;
  /** How many wait for their commit. */
  size(): number;
}

/**
 * Each migration is as atomic as alone: its body and its history row are between the same two marks, a failed one goes
 * back to its mark, and a crash takes whole migrations with their rows. Where a group cannot be committed as it is, its
 * members run again one by one, which also tells whose fault it is. Only SQL may run twice unseen, so code has no group.
 */
export function groupOf(work: MigrationWork, session: MigrationSession, onDone: (done: DoneMigration) => void): Batch {
  const { direction } = work;
  const { marks } = session;
  // Who listens to statements or watches effects wants to know whose they are, one after the other.
  const watched = work.observe === true || work.onStatement !== undefined;
  let usable = marks !== undefined && !work.singleTransaction && !watched;
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
    await marks?.set();
    await runBody(migration, direction, session, heard);
    if (direction === 'up') await session.putHistory(historyRow(migration, work, 'applied', start));
    else await session.removeHistory(migration.revision);
    marks?.keep();
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
      if (members.length === 0) {
        usable = (await marks?.allowed()) === true;
        const begun = usable && (await session.begin('normal').then(yes, no));
        if (!begun) return oneByOne([migration]);
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
        const back = await marks?.back();
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
    commit,
    size: () => members.length,
  };
}

const yes = () => true;
/** Whoever has the lock: alone a migration waits for it and tries again. */
const no = () => false;

/** What outlives a transaction needs a connection of its own; see `sqlite/migrate.ts`. */
function setsSession(migration: LoadedMigration, direction: Direction): boolean {
  const body = bodyOf(migration, direction);
  return body.kind === 'sql' && body.statements.some(({ sql }) => SETS_SESSION.test(sql));
}

/** Temporary tables, attached databases and pragmas belong to a connection. */
export const SETS_SESSION = /\b(?:pragma|temp|temporary|attach|detach)\b/i;

/** What is checked at COMMIT would be checked for the whole group, and one migration could mend what another broke. */
function defers(migration: LoadedMigration, direction: Direction): boolean {
  const body = bodyOf(migration, direction);
  return body.kind === 'sql' && body.statements.some(({ sql }) => /defer/i.test(sql));
}
