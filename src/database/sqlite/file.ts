import { constants } from 'node:fs';
import { access, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import type { Reason } from '../../core/model/reason.ts';

const HEADER = 'SQLite format 3\0';

/**
 * Replaces SQLite's error codes by sentences; true if the file does not exist yet. An empty file is an empty database.
 * `never`: the URL forbids to create it.
 */
export async function inspectFile(path: string, create: boolean, never = false): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw refused('PermissionDenied', `${path} cannot be read: ${error.message}`, error);
  });
  if (found === undefined) {
    if (never) {
      const message = `The database file ${path} does not exist, and mode=rw in its URL does not create it. Correct the path, or write mode=rwc.`;
      throw refused('DatabaseNotFound', message);
    }
    if (!create)
      throw refused('DatabaseNotFound', `The database file ${path} does not exist. Create it first: db-manager init`);
    await mkdir(dirname(path), { recursive: true }).catch((error: Error) => {
      throw refused('PermissionDenied', `The folder of ${path} cannot be created: ${error.message}`, error);
    });
    await access(dirname(path), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      throw refused('PermissionDenied', `${path} cannot be created: ${notWritable('the folder', error)}`, error);
    });
    return true;
  }
  if (found.isDirectory())
    throw refused('InvalidConfiguration', `${path} is a folder; give the path of the database file.`);
  await access(path, constants.R_OK | constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw refused('PermissionDenied', notWritable(path, error), error);
  });
  if (found.size === 0) return false;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    if (buffer.toString('latin1') !== HEADER) {
      throw refused('InvalidConfiguration', `${path} is not a SQLite database.`);
    }
    return false;
  } finally {
    await file.close();
  }
}

/** SQLite writes journals next to the file. Throws ProblemError PermissionDenied if this user may not. */
export async function refuseFolder(path: string): Promise<void> {
  const folder = dirname(await realpath(path));
  await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    const message = `${path} cannot be opened: SQLite writes its journal next to it, and ${notWritable(folder, error)}`;
    throw refused('PermissionDenied', message, error);
  });
}

function notWritable(what: string, { code }: NodeJS.ErrnoException): string {
  return code === 'EROFS'
    ? `${what} is on a disk that is mounted read-only. Mount it read-write: in a pod, remove readOnly from its volume mount.`
    : `${what} is not readable and writable for this user (id ${process.getuid?.() ?? 'unknown'}). Change its owner or its mode.`;
}

export function refused(reason: Reason, message: string, cause?: unknown): ProblemError {
  return new ProblemError({ reason, message }, { cause });
}
