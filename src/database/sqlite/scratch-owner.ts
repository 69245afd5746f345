import { rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { succeeds } from '../../core/model/succeeds.ts';
import { openFile, withFile } from './dump-connection.ts';
import { hasCode, isBusy } from './dump-copy.ts';

/** Marks a file as ours: SQLite keeps it in the header (`PRAGMA application_id`). "dbmS" in ASCII. */
const OURS = 0x64626d53;

/** The connections that hold a lock. One that nothing refers to would be closed by the garbage collection, with its lock. */
const holding = new Set<unknown>();

export interface Ownership {
  /** Ends the lock and removes the mark. */
  release(): Promise<void>;
}

/**
 * The mark next to a scratch file: a small SQLite database that records who created it and when, with an exclusive
 * transaction held on it while the run lives. The lock belongs to the operating system and ends with the process.
 * Undefined if the name is in use.
 */
export async function own(path: string, runId: string): Promise<Ownership | undefined> {
  if (await exists(path)) return undefined;
  const connection = await openFile(path, 'create');
  try {
    await connection.exec(`PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE;
      PRAGMA application_id = ${OURS};
      CREATE TABLE owner (run_id TEXT, host TEXT, pid INTEGER, made_at TEXT)`);
    await connection.all('INSERT INTO owner VALUES (?, ?, ?, datetime())', [runId, hostname(), process.pid]);
    await connection.exec('COMMIT; BEGIN EXCLUSIVE');
  } catch (error) {
    await connection.close();
    if (isBusy(error) || hasCode(error, 'SQLITE_ERROR', 'SQLITE_READONLY', 'SQLITE_IOERR')) return undefined;
    throw error;
  }
  // A cleanup between the creation of the file and its lock has removed it: the lock is then useless.
  if (!(await exists(path))) {
    await connection.close();
    return undefined;
  }
  holding.add(connection);
  return {
    async release() {
      holding.delete(connection);
      await rm(path, { force: true });
      await rm(`${path}-journal`, { force: true });
      await connection.close();
    },
  };
}

/** Runs `clear` and removes the mark, if it is ours and no live process holds it. False if it was left alone. */
export async function takeOver(path: string, clear: () => Promise<void>): Promise<boolean> {
  try {
    return await withFile(path, 'read-write', async (mark) => {
      await mark.exec('BEGIN EXCLUSIVE');
      const [row] = await mark.all<{ application_id: number }>('PRAGMA application_id');
      const bornDead = (await stat(path)).size === 0;
      if (row?.application_id !== OURS && !bornDead) return false;
      if (!bornDead) await clear();
      await rm(path, { force: true });
      return !bornDead;
    });
  } catch (error) {
    if (isBusy(error) || hasCode(error, 'SQLITE_NOTADB', 'SQLITE_CANTOPEN', 'SQLITE_CORRUPT', 'ENOENT')) return false;
    throw error;
  }
}

const exists = (path: string) => succeeds(stat(path));
