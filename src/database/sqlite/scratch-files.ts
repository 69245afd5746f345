import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import { hasCode } from './dump-copy.ts';
import { type Ownership, own } from './scratch-owner.ts';

const PREFIX = '.db-manager-scratch-';
/** Ends the name of the mark beside a scratch file. */
export const OWNER = '.owner';
const SIDE_FILES = ['', '-journal', '-wal', '-shm', '.db-manager-lock', '.db-manager-lock.holder'];

/** Two databases may lie in one folder; each one's runs look after their own. */
export function prefixOf(path: string): string {
  return `${PREFIX}${basename(path)}-`;
}

/** A free name beside the database, marked as ours for as long as this process lives. Throws RehearsalImpossible. */
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
    message: `No scratch copy could be made in ${folder}: the user has to be able to write there.`,
  });
}

/** Removes the file and what SQLite and our lock put beside it. */
export async function clearScratch(file: string): Promise<void> {
  for (const suffix of SIDE_FILES) await rm(file + suffix, { force: true });
}

export function impossible(error: unknown, folder: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'SQLITE_FULL', 'SQLITE_CANTOPEN')) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ProblemError(
    { reason: 'RehearsalImpossible', message: `No scratch copy could be made in ${folder}: ${why}.` },
    { cause: error },
  );
}
