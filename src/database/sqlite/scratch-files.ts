import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import { hasCode } from './dump-copy.ts';
import { type Ownership, own } from './scratch-owner.ts';

const PREFIX = '.db-manager-scratch-';
/** Suffix of the mark next to a scratch file. */
export const OWNER = '.owner';
const SIDE_FILES = ['', '-journal', '-wal', '-shm', '.db-manager-lock', '.db-manager-lock.holder'];

/** A folder may contain two databases; the runs of each handle only their own files. */
export function prefixOf(path: string): string {
  return `${PREFIX}${basename(path)}-`;
}

/** An unused name next to the database, marked as ours while this process lives. Throws RehearsalImpossible. */
export async function claimScratch(
  folder: string,
  path: string,
  runId: string,
): Promise<{ file: string; ownership: Ownership }> {
  const readable = runId.replace(/[^A-Za-z0-9]+/g, '-').slice(-60);
  try {
    for (let n = 1; n <= 100; n++) {
      const file = join(folder, `${prefixOf(path)}${readable}-${n}`);
      const ownership = await own(file + OWNER, runId);
      if (ownership !== undefined) return { file, ownership };
    }
  } catch (error) {
    throw impossible(error, folder);
  }
  throw new ProblemError({
    reason: 'RehearsalImpossible',
    message: `The scratch copy could not be created in ${folder}: the user cannot write there. Make the folder writable.`,
  });
}

/** Removes the file and the side files of SQLite and of our lock. */
export async function clearScratch(file: string): Promise<void> {
  for (const suffix of SIDE_FILES) await rm(file + suffix, { force: true });
}

export function impossible(error: unknown, folder: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'SQLITE_FULL', 'SQLITE_CANTOPEN')) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ProblemError(
    { reason: 'RehearsalImpossible', message: `The scratch copy could not be created in ${folder}: ${why}.` },
    { cause: error },
  );
}
