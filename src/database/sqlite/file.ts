import { constants } from 'node:fs';
import { access, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import type { Reason } from '../../core/model/reason.ts';

const HEADER = 'SQLite format 3\0';

/** Says in a sentence what SQLite would say in a code. An empty file is an empty database. */
export async function inspectFile(path: string, create: boolean): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw refused('PermissionDenied', `${path} cannot be looked at: ${error.message}`, error);
  });
  if (found === undefined) {
    if (!create)
      throw refused('DatabaseNotFound', `There is no database file ${path}. Create it first: db-manager init`);
    await mkdir(dirname(path), { recursive: true }).catch((error: Error) => {
      throw refused('PermissionDenied', `The folder of ${path} cannot be made: ${error.message}`, error);
    });
    await access(dirname(path), constants.W_OK).catch(() => {
      throw refused('PermissionDenied', `${path} cannot be created: the folder is not writable for this user.`);
    });
    return;
  }
  if (found.isDirectory())
    throw refused('InvalidConfiguration', `${path} is a folder; give the path of the database file.`);
  await access(path, constants.R_OK | constants.W_OK).catch(() => {
    throw refused('PermissionDenied', `${path} is not readable and writable for this user.`);
  });
  if (found.size === 0) return;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    if (buffer.toString('latin1') !== HEADER) {
      throw refused('InvalidConfiguration', `${path} is not a SQLite database.`);
    }
  } finally {
    await file.close();
  }
}

export function refused(reason: Reason, message: string, cause?: unknown): ProblemError {
  return new ProblemError({ reason, message }, { cause });
}
