import { mkdir, statfs, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bytesText } from '../core/model/bytes.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';

/**
 * Proves that backups can be written there: makes the folder where it is missing, writes a file for real (a read-only
 * volume passes every other test) and compares the free space with what a backup needs. Throws ProblemError
 * BackupFailed or NoSpace.
 */
export async function checkFolder(folder: string, neededBytes: number): Promise<{ freeBytes: number }> {
  await prepareFolder(folder);
  const free = await freeBytes(folder);
  if (free >= neededBytes) return { freeBytes: free };
  throw new ProblemError({
    reason: 'NoSpace',
    message:
      `The backup needs up to ${bytesText(neededBytes)}, but only ${bytesText(free)} are free in ${resolve(folder)}. ` +
      'Grow the volume, or prune old backups: `db-manager prune`.',
  });
}

/** Makes the folder and proves that it can be written to. Throws ProblemError BackupFailed or NoSpace. */
export async function prepareFolder(folder: string): Promise<void> {
  const probe = join(folder, `.db-manager-probe-${process.pid}-${performance.now()}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    await writeFile(probe, 'probe', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw folderProblem(error, folder);
  } finally {
    await unlink(probe).catch(() => {});
  }
}

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** A file system's error as a problem; whatever is no such error is returned as it is. */
export function folderProblem(error: unknown, folder: string): unknown {
  if (isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) {
    return new ProblemError(
      {
        reason: 'NoSpace',
        message: `There is no room left in the backup folder ${resolve(folder)}.`,
        code: error.code,
      },
      { cause: error },
    );
  }
  if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EIO')) {
    const user = process.getuid?.();
    const who = user === undefined ? 'this user' : `user ${user}`;
    const message = `The backup folder ${resolve(folder)} cannot be written to by ${who}: ${error.message}.`;
    return new ProblemError({ reason: 'BackupFailed', message, code: error.code }, { cause: error });
  }
  return error;
}
