/**
 * Restore of SQLite: the online backup in the other direction, in one transaction of the target. Processes that have the
 * file open see the old state until the commit and the new one after it; after a rename they would use a deleted file.
 */
import { constants } from 'node:fs';
import { copyFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Backup } from '../../core/model/backup.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { RestoreBackupOptions, RestoreOutcome } from '../port.ts';
import { withFile } from './dump-connection.ts';
import { copyPages, hasCode, isBusy } from './dump-copy.ts';
import { processesWith } from './restore-processes.ts';
import { claimScratch, clearScratch } from './scratch-files.ts';

const BUSY_MS = 10_000;

/** Throws ProblemError BackupMismatch, BackupInvalid, ActiveSessions, NoSpace or RestoreFailed; all or nothing. */
export async function restore(path: string, backup: Backup, options: RestoreBackupOptions): Promise<RestoreOutcome> {
  const { manifest } = backup;
  if (manifest.format !== 'sqlite') {
    throw new ProblemError({
      reason: 'BackupMismatch',
      message: `${manifest.name} is a backup of ${manifest.dialect} and cannot be restored to the SQLite file ${path}.`,
    });
  }
  await refuseTruncated(backup);
  await refuseOthers(path, options);
  await options.beforeReplacing?.();
  const copyFrom = (file: string) =>
    withFile(file, 'immutable', (source) =>
      copyPages(source, path, {
        busyMs: BUSY_MS,
        onPages: (done, total) => {
          const pageSize = manifest.sizeBytes / Math.max(1, total);
          options.onProgress?.(Math.round(done * pageSize), manifest.sizeBytes);
        },
        signal: options.signal,
      }),
    );
  try {
    await copyFrom(backup.path).catch(async (error) => {
      // A WAL accepts only pages of its own size.
      if (!hasCode(error, 'SQLITE_READONLY')) throw error;
      await withPageSizeOf(path, backup, copyFrom);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw await restoreProblem(error, path);
  }
  // Checkpoints the WAL after the restore; if a reader blocks this, a later checkpoint does it.
  await withFile(path, 'read-write', (target) => target.exec('PRAGMA wal_checkpoint(TRUNCATE)')).catch(() => {});
  return {};
}

/** A copy of the backup in the target's page size, marked as a scratch file so that a later run removes it after a crash. */
async function withPageSizeOf(path: string, backup: Backup, use: (file: string) => Promise<void>): Promise<void> {
  const rows = await withFile(path, 'read-write', (target) => target.all<{ page_size: number }>('PRAGMA page_size'));
  const { file, ownership } = await claimScratch(dirname(path), path, 'restore');
  try {
    await copyFile(backup.path, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await withFile(file, 'read-write', (copy) =>
      copy.exec(
        `PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE; PRAGMA page_size = ${rows[0]?.page_size}; VACUUM`,
      ),
    );
    await use(file);
  } finally {
    await clearScratch(file);
    await ownership.release();
  }
}

/** The online backup would accept a truncated file as a smaller database. */
async function refuseTruncated({ path, manifest }: Backup): Promise<void> {
  const size = (await stat(path).catch(() => undefined))?.size;
  if (size === manifest.sizeBytes) return;
  throw new ProblemError({
    reason: 'BackupInvalid',
    message:
      size === undefined
        ? `${path} is missing.`
        : `${path} has ${size} bytes, but its manifest records ${manifest.sizeBytes}.`,
  });
}

async function refuseOthers(path: string, { terminateSessions, onMessage }: RestoreBackupOptions): Promise<void> {
  const others = await processesWith(path);
  if (others.length === 0) return;
  const list = others.slice(0, 5);
  if (others.length > 5) list.push(`${others.length - 5} more`);
  if (terminateSessions) {
    onMessage?.(`${path} stays open in ${list.join(', ')}. The restored content is visible there after the commit.`);
    return;
  }
  throw new ProblemError({
    reason: 'ActiveSessions',
    message: `${path} is open in ${list.join(', ')}. Stop them, or pass --terminate-sessions to restore while the file is open.`,
  });
}

async function restoreProblem(error: unknown, path: string): Promise<unknown> {
  if (error instanceof ProblemError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (isBusy(error)) {
    const others = await processesWith(path);
    const who = others.length > 0 ? others.join(', ') : 'another process, or another transaction of this one,';
    const message = `${path} is locked: ${who} has been reading or writing it for ${BUSY_MS / 1000} s. Nothing was changed. Stop it and try again.`;
    return new ProblemError({ reason: 'ActiveSessions', message, code }, { cause: error });
  }
  if (code === 'SQLITE_FULL') {
    const message = `The disk of ${dirname(path)} is full; ${path} is unchanged. A restore temporarily needs disk space for both copies.`;
    return new ProblemError({ reason: 'NoSpace', message, code }, { cause: error });
  }
  const message = `${path} could not be replaced and is unchanged: ${error.message}.`;
  return new ProblemError({ reason: 'RestoreFailed', message, code }, { cause: error });
}
