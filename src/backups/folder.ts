import { mkdir, statfs, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bytesText } from '../core/model/bytes.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';

/**
 * Checks that backups can be written there: creates the folder if it is missing, writes a test file (a read-only
 * volume passes every other check) and compares the free space with what a backup needs. Returns it in bytes. Throws
 * ProblemError BackupFailed or NoSpace.
 */
export async function checkFolder(folder: string, neededBytes: number): Promise<number> {
  await prepareFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= neededBytes) return free;
  throw new ProblemError({
    reason: 'NoSpace',
    message:
      `The backup needs up to ${bytesText(neededBytes)}, but ${resolve(folder)} has only ${bytesText(free)} free. ` +
      'Enlarge the volume, or delete old backups: `db-manager prune`.',
  });
}

/** Creates the folder and checks that it is writable. Throws ProblemError BackupFailed or NoSpace. */
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

/** A file system error as a problem; any other error is returned unchanged. */
export function folderProblem(error: unknown, folder: string): unknown {
  if (isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) {
    const message = `The disk of the backup folder ${resolve(folder)} is full.`;
    return new ProblemError({ reason: 'NoSpace', message, code: error.code }, { cause: error });
  }
  if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EIO')) {
    const user = process.getuid?.();
    const who = user === undefined ? 'This user' : `User ${user}`;
    const message = `${who} cannot write to the backup folder ${resolve(folder)}: ${error.message}.`;
    return new ProblemError({ reason: 'BackupFailed', message, code: error.code }, { cause: error });
  }
  return error;
}
