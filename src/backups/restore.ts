import type { Backup } from '../core/model/backup.ts';
import type { Dialect } from '../core/model/dialect.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Secret } from '../core/model/secret.ts';
import type { Database, Driver, KeptDatabase } from '../database/port.ts';
import { readBackup } from './list.ts';
import { isReadableInPlace, withLocalCopy } from './local-copy.ts';
import { describeRestored } from './restored.ts';
import { type TakeOptions, takeBackup } from './take.ts';
import { verifyBackup } from './verify.ts';

interface RestoreBackupOptions {
  /** Taken from the target before it is replaced; false only if a fresh backup exists (`onFailure: Restore`). */
  safetyBackup:
    | false
    | (Pick<TakeOptions, 'name' | 'revision' | 'toolVersion' | 'compression' | 'recipients'> & { folder: string });
  now: Date;
  /** Allow a target that is not the database from which the backup was taken. */
  into?: boolean;
  /** Terminate other sessions of the target instead of failing. */
  terminateSessions?: boolean;
  /** For an encrypted backup. */
  identities?: readonly Secret[];
  onProgress?(phase: RestorePhase, done: number, total: number | undefined): void;
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

type RestorePhase = 'verify' | 'safetyBackup' | 'restore';

export interface RestoredBackup {
  backup: Backup;
  /** The backup with the state before the restore, if the content was replaced in place. */
  safetyBackup?: Backup;
  /** The previous database, if the restore created a new one: only its name has changed. */
  kept?: KeptDatabase;
}

/**
 * Replaces the content of `db` by the backup, completely or not at all: the backup is verified, then the current state
 * is secured (by a safety backup, or by keeping the replaced database), and only then is the target changed. Throws ProblemError BackupNotFound, BackupInvalid, BackupMismatch,
 * ActiveSessions, NoSpace, Interrupted, RestoreIncomplete or RestoreFailed; the target is then unchanged.
 */
export async function restoreBackup(
  db: Database,
  { path }: Pick<Backup, 'path'>,
  options: RestoreBackupOptions,
): Promise<RestoredBackup> {
  const { onProgress, identities, signal } = options;
  const found = await readBackup(path);
  refuseMismatch(db, found, options);
  const known = describeRestored(found);
  if (known !== undefined) options.onMessage?.(known);
  const onVerify = (done: number, total: number) => onProgress?.('verify', done, total);
  if (await isReadableInPlace(found)) {
    const check: Database['checkDump'] = (file, format, wanted) =>
      db.checkDump(file, format, { ...wanted, checkedBefore: true });
    const backup = await verifyBackup(found, { check, onProgress: onVerify, signal });
    return { ...(await replaceContent(db, backup, options)), backup };
  }
  try {
    return await withLocalCopy(found, { identities, onProgress: onVerify, signal }, async (local) => {
      await db.checkDump(local.path, local.manifest.format, { checkedBefore: true, signal });
      return { ...(await replaceContent(db, local, options)), backup: found };
    });
  } catch (error) {
    throw withSafetyBackup(error, undefined);
  }
}

/** `backup` is verified, and programs can read it. */
async function replaceContent(
  db: Database,
  backup: Backup,
  options: RestoreBackupOptions,
): Promise<Omit<RestoredBackup, 'backup'>> {
  const { onProgress, onMessage, signal, terminateSessions, safetyBackup } = options;
  const safety: { backup?: Backup } = {};
  try {
    const { kept } = await db.restore(backup, {
      terminateSessions,
      onMessage,
      signal,
      async beforeReplacing() {
        if (safetyBackup !== false) safety.backup = await takeSafetyBackup(db, safetyBackup, options);
      },
      onProgress: (done, total) => onProgress?.('restore', done, total),
    });
    return { ...(safety.backup ? { safetyBackup: safety.backup } : {}), ...(kept ? { kept } : {}) };
  } catch (error) {
    throw withSafetyBackup(error, safety.backup);
  }
}

/** Throws ProblemError BackupMismatch. */
export function refuseOtherDialect({ manifest }: Backup, dialect: Dialect, display: string): void {
  if (manifest.dialect === dialect) return;
  throw new ProblemError({
    reason: 'BackupMismatch',
    message: `${manifest.name} is a backup of ${manifest.database.display} and cannot be restored to ${display}, which is a different kind of database.`,
  });
}

function refuseMismatch(
  db: Pick<Driver, 'dialect' | 'identity'>,
  backup: Backup,
  { into }: RestoreBackupOptions,
): void {
  const { manifest } = backup;
  refuseOtherDialect(backup, db.dialect, db.identity.display);
  if (into || manifest.database.id === db.identity.id) return;
  throw new ProblemError({
    reason: 'BackupMismatch',
    message:
      `${manifest.name} is a backup of ${manifest.database.display}, not of ${db.identity.display}. ` +
      'To restore it to this target, name the target: --into <url>.',
  });
}

async function takeSafetyBackup(
  db: Database,
  { folder, ...rest }: Exclude<RestoreBackupOptions['safetyBackup'], false>,
  { onProgress, now, signal }: RestoreBackupOptions,
): Promise<Backup> {
  try {
    return await takeBackup(db, folder, {
      ...rest,
      now,
      signal,
      onProgress: (done, total) => onProgress?.('safetyBackup', done, total),
    });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const message = `The safety backup before the restore failed, so ${db.identity.display} is unchanged. ${error.problem.message}`;
    throw new ProblemError({ ...error.problem, message }, { cause: error });
  }
}

function withSafetyBackup(error: unknown, safetyBackup: Backup | undefined): unknown {
  if (error instanceof Error && error.name === 'AbortError') {
    const message = 'The restore was interrupted; the target is unchanged.';
    return new ProblemError({ reason: 'Interrupted', message }, { cause: error });
  }
  if (!(error instanceof ProblemError) || safetyBackup === undefined) return error;
  const message = `${error.problem.message} The previous state is also in ${safetyBackup.path}.`;
  return new ProblemError({ ...error.problem, message }, { cause: error });
}
