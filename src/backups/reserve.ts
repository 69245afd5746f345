import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';
import { folderProblem } from './folder.ts';
import { chosenStem, nthStem, PARTIAL_PREFIX, stemAt, stemOf } from './names.ts';

const TRIES = 1000;

/**
 * Reserves a name for this process: the partial folder has this name, and a folder can be created only once. The names
 * of complete backups are read afterwards, because the previous owner of the name has published its backup by then.
 */
export async function reserve(
  root: string,
  { name, now }: { name?: string; now: Date },
): Promise<{ stem: string; partial: string }> {
  const base = name === undefined ? stemAt(now) : chosenStem(name);
  for (let n = 1; n <= (name === undefined ? TRIES : 1); n++) {
    const stem = nthStem(base, n);
    const partial = join(root, PARTIAL_PREFIX + stem);
    if (!(await make(partial, root))) continue;
    if (!(await isUsed(root, stem))) return { stem, partial };
    await rmdir(partial);
  }
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message: `${root} already has a backup named ${base}. Choose another name.`,
  });
}

/** The same for a backup that exists. Throws ProblemError BackupFailed while another process writes it. */
export async function reserveAgain(root: string, name: string): Promise<{ stem: string; partial: string }> {
  const stem = stemOf(name);
  const partial = join(root, PARTIAL_PREFIX + stem);
  if (await make(partial, root)) return { stem, partial };
  throw new ProblemError({
    reason: 'BackupFailed',
    message: `Another process is writing ${name}. Run the command again when it has finished.`,
  });
}

async function make(partial: string, root: string): Promise<boolean> {
  try {
    await mkdir(partial, { mode: 0o700 });
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw folderProblem(error, root);
  }
}

async function isUsed(root: string, stem: string): Promise<boolean> {
  const names = await readdir(root);
  return names.some((name) => name.startsWith(`${stem}.`));
}
