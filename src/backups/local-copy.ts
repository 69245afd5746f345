import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Backup } from '../core/model/backup.ts';
import { bytesText } from '../core/model/bytes.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Secret } from '../core/model/secret.ts';
import { isErrno } from './durable.ts';
import { hashing } from './hash.ts';
import { ENCRYPTED } from './names.ts';
import { openStore, placeOf } from './open-store.ts';
import { isBeingWritten, startWriting } from './writer.ts';

export interface LocalCopyOptions {
  /** For an encrypted backup. */
  identities?: readonly Secret[];
  onProgress?(doneBytes: number, totalBytes: number): void;
  signal?: AbortSignal;
}

const PREFIX = 'db-manager-backup-copy-';

/** Whether programs can read the backup where it is: in a folder, and not encrypted. */
export async function isReadableInPlace({ path, manifest }: Backup): Promise<boolean> {
  const store = await openStore(placeOf(path));
  return store.localPath !== undefined && manifest.encryption === undefined;
}

/**
 * Calls `use` with a backup that programs can read. An object or an encrypted file is first copied to a temporary folder that
 * only this user can read, decrypted and compared with its hash; the copy is deleted afterwards. Throws ProblemError BackupInvalid, DecryptionFailed or NoSpace.
 */
export async function withLocalCopy<T>(
  backup: Backup,
  options: LocalCopyOptions,
  use: (local: Backup) => Promise<T>,
): Promise<T> {
  if (await isReadableInPlace(backup)) return use(backup);
  await sweepCopies();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const stopWriting = await startWriting(folder);
  try {
    await refuseWithoutSpace(backup);
    const path = join(folder, backup.manifest.name.replace(ENCRYPTED, ''));
    const file = createWriteStream(path, { mode: 0o600, flags: 'wx', highWaterMark: 1024 * 1024 });
    await readStored(backup, options, async (plain) => {
      await pipeline(plain, file).catch((error: unknown) => {
        throw isErrno(error, 'ENOSPC', 'EDQUOT') ? noSpace(backup, 0) : error;
      });
    });
    return await use({ path, manifest: { ...backup.manifest, sizeBytes: (await stat(path)).size } });
  } finally {
    stopWriting();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Reads a backup to its end, decrypts it, and compares the hash of what is stored with the manifest. Throws ProblemError BackupInvalid if it differs; `take` has
 * then read bytes that are not valid.
 */
export async function readStored(
  backup: Backup,
  { identities = [], onProgress, signal }: LocalCopyOptions,
  take: (plain: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const { path, manifest } = backup;
  const store = await openStore(placeOf(path));
  const hash = hashing((done) => onProgress?.(done, manifest.sizeBytes));
  const stored = hash.count(store.content(backup, { signal }));
  let failed: { error: unknown } | undefined;
  try {
    if (manifest.encryption === undefined) {
      await take(stored);
    } else {
      if (identities.length === 0) throw withoutIdentity(backup);
      const { decrypt } = await import('./encryption/age.ts');
      await take(decrypt(stored, identities, manifest.name));
    }
  } catch (error) {
    signal?.throwIfAborted();
    failed = { error: store.problem(error) };
  }
  if (failed !== undefined) throw failed.error;
  const { sha256 } = hash.result();
  if (sha256 !== manifest.sha256) throw changed(manifest.name, sha256, manifest.sha256);
}

export function changed(name: string, actual: string, recorded: string): ProblemError {
  return new ProblemError({
    reason: 'BackupInvalid',
    message:
      `${name} has changed since it was taken: its sha256 is ${actual.slice(0, 12)}…, but its manifest records ` +
      `${recorded.slice(0, 12)}…. Choose another backup: \`db-manager list-backups\`.`,
  });
}

function withoutIdentity({ manifest }: Backup): ProblemError {
  return new ProblemError({
    reason: 'DecryptionFailed',
    message: `${manifest.name} is encrypted. Give the identity of one of its recipients: --identity FILE, or DB_MANAGER_BACKUP_IDENTITY.`,
  });
}

async function refuseWithoutSpace(backup: Backup): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < backup.manifest.sizeBytes) throw noSpace(backup, bavail * bsize);
}

function noSpace({ manifest }: Backup, free: number): ProblemError {
  return new ProblemError({
    reason: 'NoSpace',
    message: `${manifest.name} is copied to ${tmpdir()} before it is used. That needs ${bytesText(manifest.sizeBytes)}, and ${bytesText(free)} are free. Set TMPDIR to a larger disk.`,
  });
}

/** Removes copies of killed processes. */
async function sweepCopies(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((each) => each.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    if (await isBeingWritten(folder).catch(() => true)) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}
