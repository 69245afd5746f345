import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { baseName } from '../core/model/backup-place.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';
import { hashBackup } from './hash.ts';
import { readBackup } from './list.ts';
import { changed, isReadableInPlace, type LocalCopyOptions, readStored } from './local-copy.ts';

interface VerifyOptions extends LocalCopyOptions {
  /**
   * The database's own check of its format: `checkDump` of the database module. It is used where programs can read the
   * backup: in a folder, not encrypted.
   */
  check?(path: string, format: BackupManifest['format'], options: { signal?: AbortSignal }): Promise<void>;
}

/**
 * Reads a backup again, manifest and content, and compares it with what was recorded when it was taken. With an identity, an
 * encrypted backup is also decrypted to its end. Returns it as it is stored now. Throws ProblemError BackupNotFound, BackupInvalid or DecryptionFailed;
 * changes nothing.
 */
export async function verifyBackup({ path }: Pick<Backup, 'path'>, options: VerifyOptions = {}): Promise<Backup> {
  const backup = await readBackup(path);
  try {
    if (await isReadableInPlace(backup)) await verifyFile(backup, options);
    else await verifyStored(backup, options);
  } catch (error) {
    throw options.signal?.aborted ? interrupted(path, error) : error;
  }
  return backup;
}

async function verifyFile({ path, manifest }: Backup, options: VerifyOptions): Promise<void> {
  const { sha256, format } = manifest;
  const [hashed] = await Promise.all([hash(path, options), options.check?.(path, format, options)]);
  if (hashed !== sha256) throw changed(baseName(path), hashed, sha256);
}

/** The hash is of the encrypted data, so it needs no identity. */
async function verifyStored(backup: Backup, options: VerifyOptions): Promise<void> {
  const decrypts = backup.manifest.encryption !== undefined && (options.identities ?? []).length > 0;
  const { encryption: _, ...plain } = backup.manifest;
  await readStored(decrypts ? backup : { ...backup, manifest: plain }, options, async (pieces) => {
    for await (const _piece of pieces);
  });
}

function interrupted(path: string, cause: unknown): ProblemError {
  const message = `The check of ${baseName(path)} was interrupted; nothing was changed.`;
  return new ProblemError({ reason: 'Interrupted', message }, { cause });
}

async function hash(path: string, options: VerifyOptions): Promise<string> {
  try {
    return (await hashBackup(path, options)).sha256;
  } catch (error) {
    if (!isErrno(error)) throw error;
    const message = `${baseName(path)} cannot be read: ${error.message}.`;
    throw new ProblemError({ reason: 'BackupInvalid', message, code: error.code }, { cause: error });
  }
}
