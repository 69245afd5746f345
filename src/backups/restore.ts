import type { Backup } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Database, KeptDatabase } from '../database/port.ts';
import { readBackup } from './manifest.ts';
import { type TakeOptions, takeBackup } from './take.ts';
import { verifyBackup } from './verify.ts';

export interface RestoreBackupOptions {
  /** Taken of the target before it is replaced; false only where a fresh backup is at hand (`onFailure: Restore`). */
  safetyBackup: false | (Pick<TakeOptions, 'name' | 'revision' | 'toolVersion' | 'compression'> & { folder: string });
  now: Date;
  /** The target need not be the database that the backup is of. */
  into?: boolean;
  /** End other sessions of the target instead of refusing. */
  terminateSessions?: boolean;
  onProgress?(phase: RestorePhase, done: number, total: number | undefined): void;
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

export type RestorePhase = 'verify' | 'safetyBackup' | 'restore';

export interface RestoredBackup {
  backup: Backup;
  /** What brings the state before the restore back, where the content was replaced in place. */
  safetyBackup?: Backup;
  /** The database as it was before, where the restore made another one: its name is all that changed. */
  kept?: KeptDatabase;
}

/**
 * Replaces the content of `db` by the backup, whole or not at all: the backup is verified, then what was there is
 * secured (a safety backup, or the replaced database itself is kept), and only then is the target touched. Throws ProblemError BackupNotFound, BackupInvalid, BackupMismatch,
 * ActiveSessions, NoSpace, Interrupted, RestoreIncomplete or RestoreFailed; the target is then as it was.
 */
export async function restoreBackup(
  db: Database,
  { path }: Pick<Backup, 'path'>,
  options: RestoreBackupOptions,
): Promise<RestoredBackup> {
  const { onProgress, onMessage, signal, terminateSessions } = options;
  refuseMismatch(db, await readBackup(path), options);
  const backup = await verifyBackup(
    { path },
    {
      check: (file, format, wanted) => db.checkDump(file, format, wanted),
      onProgress: (done, total) => onProgress?.('verify', done, total),
      signal,
    },
  );
  const safety: { backup?: Backup } = {};
  const { safetyBackup } = options;
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
    return { backup, ...(safety.backup ? { safetyBackup: safety.backup } : {}), ...(kept ? { kept } : {}) };
  } catch (error) {
    throw withSafetyBackup(error, safety.backup);
  }
}

function refuseMismatch(db: Database, { manifest }: Backup, { into }: RestoreBackupOptions): void {
  if (manifest.dialect !== db.dialect) {
    throw new ProblemError({
      reason: 'BackupMismatch',
      message: `${manifest.name} is a backup of ${manifest.database.display} and cannot be restored to ${db.identity.display}: they are different kinds of database.`,
    });
  }
  if (into || manifest.database.id === db.identity.id) return;
  throw new ProblemError({
    reason: 'BackupMismatch',
    message:
      `${manifest.name} is a backup of ${manifest.database.display}, not of ${db.identity.display}. ` +
      'To restore it there all the same, name the target: --into <url>.',
  });
}

function takeSafetyBackup(
  db: Database,
  { folder, ...rest }: Exclude<RestoreBackupOptions['safetyBackup'], false>,
  { onProgress, now, signal }: RestoreBackupOptions,
): Promise<Backup> {
  return takeBackup(db, folder, {
    ...rest,
    now,
    signal,
    onProgress: (done, total) => onProgress?.('safetyBackup', done, total),
  });
}

function withSafetyBackup(error: unknown, safetyBackup: Backup | undefined): unknown {
  if (error instanceof Error && error.name === 'AbortError') {
    const message = 'Asked to stop during the restore; the target is as it was.';
    return new ProblemError({ reason: 'Interrupted', message }, { cause: error });
  }
  if (!(error instanceof ProblemError) || safetyBackup === undefined) return error;
  const message = `${error.problem.message} The state before is also in ${safetyBackup.path}.`;
  return new ProblemError({ ...error.problem, message }, { cause: error });
}
