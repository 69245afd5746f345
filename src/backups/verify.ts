import { basename } from 'node:path';
import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';
import { hashBackup } from './hash.ts';
import { readBackup } from './manifest.ts';

export interface VerifyOptions {
  /** The database's own check of its format: `checkDump` of the database module. */
  check?(path: string, format: BackupManifest['format'], options: { signal?: AbortSignal }): Promise<void>;
  onProgress?(doneBytes: number, totalBytes: number): void;
  signal?: AbortSignal;
}

/**
 * Reads a backup again, manifest and content, and compares it with what was recorded when it was taken. Returns it as
 * it is on disk now. Throws ProblemError BackupNotFound or BackupInvalid; changes nothing.
 */
export async function verifyBackup({ path }: Pick<Backup, 'path'>, options: VerifyOptions = {}): Promise<Backup> {
  const backup = await readBackup(path);
  const { sha256, format } = backup.manifest;
  const [hashed] = await Promise.all([hash(path, options), options.check?.(path, format, options)]).catch((error) => {
    throw options.signal?.aborted ? interrupted(path, error) : error;
  });
  if (hashed !== sha256) {
    throw new ProblemError({
      reason: 'BackupInvalid',
      message:
        `${basename(path)} has changed since it was taken: its sha256 is ${hashed.slice(0, 12)}…, but its manifest records ` +
        `${sha256.slice(0, 12)}…. Choose another backup: \`db-manager list-backups\`.`,
    });
  }
  return backup;
}

function interrupted(path: string, cause: unknown): ProblemError {
  const message = `The check of ${basename(path)} was interrupted; nothing was changed.`;
  return new ProblemError({ reason: 'Interrupted', message }, { cause });
}

async function hash(path: string, options: VerifyOptions): Promise<string> {
  try {
    return (await hashBackup(path, options)).sha256;
  } catch (error) {
    if (!isErrno(error)) throw error;
    const message = `${basename(path)} cannot be read: ${error.message}.`;
    throw new ProblemError({ reason: 'BackupInvalid', message, code: error.code }, { cause: error });
  }
}
