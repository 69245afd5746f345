import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ProblemError } from '../../core/model/problem.ts';
import { waitForLock } from '../lock-wait.ts';
import type { Lock, LockOptions } from '../port.ts';
import { type Connection, closeFile, exec, openFile } from './driver.ts';
import { codeOf, messageOf } from './errors.ts';

const POLL = 100;

/**
 * One writer: an exclusive SQLite transaction held on a side file. It is an operating-system lock, so it ends with
 * its process, and it does not block readers and writers of the database. The holder is recorded in a file next to it,
 * for waiting runs.
 */
export async function lock(path: string, options: LockOptions): Promise<Lock> {
  const file = `${path}.db-manager-lock`;
  const noteFile = `${file}.holder`;
  const connection = await openSide(file);
  try {
    const side = { display: path, tryLock: () => tryLock(connection), describeHolder: () => describeHolder(noteFile) };
    await waitForLock({ ...side, pollMs: POLL }, performance.now() + options.waitMs, options);
  } catch (error) {
    await closeFile(connection);
    throw error;
  }
  const inode = (await stat(file)).ino;
  const note = {
    holder: options.holder,
    runId: options.runId,
    host: hostname(),
    pid: process.pid,
    since: new Date().toISOString(),
  };
  await writeFile(noteFile, `${JSON.stringify(note)}\n`);
  let released = false;
  return {
    // Deleting the file breaks the lock: the next run would lock a new file.
    held: async () => !released && (await stat(file).catch(() => undefined))?.ino === inode,
    release: async () => {
      if (released) return;
      released = true;
      await rm(noteFile, { force: true });
      await closeFile(connection);
    },
  };
}

async function openSide(file: string): Promise<Connection> {
  try {
    const connection = await openFile(file, { create: true });
    connection.configure('busyTimeout', 0);
    return connection;
  } catch (error) {
    throw new ProblemError({
      reason: 'PermissionDenied',
      message: `The lock file ${file} cannot be created (${messageOf(error)}). Make the folder of the database writable.`,
    });
  }
}

async function tryLock(connection: Connection): Promise<boolean> {
  try {
    await exec(connection, 'BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (codeOf(error) === 'SQLITE_BUSY') return false;
    throw error;
  }
}

/** Written after the lock was acquired, so it may briefly be missing or contain the previous holder. */
async function describeHolder(noteFile: string): Promise<string> {
  try {
    const note = JSON.parse(await readFile(noteFile, 'utf8')) as Record<string, unknown>;
    return `${note.holder} on ${note.host} (process ${note.pid}, run ${note.runId}), since ${note.since}`;
  } catch {
    return 'a run that has just started';
  }
}
