import { type BackupList, findBackup, listBackups as list } from '../backups/list.ts';
import { pruneBackups as prune, pruneKept, type Retention } from '../backups/prune.ts';
import { rekeyBackup as rekey } from '../backups/rekey.ts';
import { type RestoredBackup, refuseOtherDialect, restoreBackup } from '../backups/restore.ts';
import { takeBackup } from '../backups/take.ts';
import { verifyBackup as verify } from '../backups/verify.ts';
import type { Backup } from '../core/model/backup.ts';
import { bytesText } from '../core/model/bytes.ts';
import { displayTarget } from '../core/model/database-url.ts';
import { joinSentences } from '../core/model/sentences.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { currentPosition } from '../core/planning/plan.ts';
import { checkDump } from '../database/check-dump.ts';
import { backupIdentities } from './backup-identities.ts';
import { asRun } from './runs.ts';
import { type Session, withDatabase } from './session.ts';
import { type Options, resolvePaths, settingsOf } from './settings.ts';

export interface BackupOptions extends Options {
  /** Instead of `backup_YYYYMMDD_HHMMSS`. */
  name?: string;
  /** PostgreSQL: only these schemas instead of the whole database. */
  schemas?: string[];
  /** SQLite: instead of the setting `backups.integrityCheck`. */
  integrityCheck?: 'full' | 'quick';
  onProgress?(done: number, total: number | undefined): void;
}

/**
 * Takes a backup and verifies that it is complete.
 *
 * @example
 * const { path } = await backupDatabase({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function backupDatabase(options: BackupOptions = {}): Promise<Backup> {
  return withDatabase(options, async (session) =>
    takeBackup(session.database, session.settings.backups.folder, {
      ...(await labels(session)),
      ...(options.integrityCheck === undefined ? {} : { integrityCheck: options.integrityCheck }),
      name: options.name,
      schemas: options.schemas ?? session.settings.backups.schemas,
      recipients: session.settings.backups.recipients,
      now: new Date(),
      onProgress: options.onProgress,
      onMessage: options.onMessage,
      signal: options.signal,
    }),
  );
}

/**
 * Complete backups, newest first, and the entries of the folder that are not readable backups. Needs no database.
 *
 * @example
 * const { backups, unreadable } = await listBackups({ backups: { folder: './data/backups' } });
 */
export async function listBackups(options: Options = {}): Promise<BackupList> {
  return list((await resolvePaths(options)).backups.folder);
}

/**
 * Reads a backup again and verifies its hash. Throws ProblemError BackupNotFound or BackupInvalid. Needs no database.
 *
 * @example
 * const { manifest } = await verifyBackup({ file: 'latest' });
 */
export async function verifyBackup(options: Options & { file: string }): Promise<Backup> {
  const { found, identities } = await namedBackup(options);
  return verify(found, { check: checkDump, identities, signal: options.signal });
}

/**
 * Encrypts a backup for the recipients of the settings, with the identity of one of its present recipients. Needs no
 * database.
 *
 * @example
 * await rekeyBackup({ file: 'latest', backups: { recipients: ['age1…'], identityFile: 'key.txt' } });
 */
export async function rekeyBackup(options: Options & { file: string }): Promise<Backup> {
  const { found, identities, recipients = [] } = await namedBackup(options);
  return rekey(found, { recipients, identities, signal: options.signal });
}

async function namedBackup(options: Options & { file: string }) {
  const { backups } = await resolvePaths(options);
  const identities = await backupIdentities(backups, options.env);
  return { found: await findBackup(backups.folder, options.file), identities, recipients: backups.recipients };
}

export interface RestoreOptions extends Options {
  /** A name, a unique prefix of a name, a path, or `latest`. */
  file: string;
  /** The target may be a different database than the one of the backup. */
  into?: boolean;
  terminateSessions?: boolean;
  onProgress?(phase: string, done: number, total: number | undefined): void;
}

/**
 * Replaces the content of the database with a backup, after a safety backup. The replacement is atomic.
 *
 * @example
 * const { safetyBackup } = await restoreDatabase({ databaseUrl: 'sqlite:///data/app.db', file: 'latest' });
 */
export async function restoreDatabase(options: RestoreOptions): Promise<RestoredBackup> {
  if (options.into === true) {
    // Before the database is created, so that a wrong name creates none.
    const { target, backups } = await settingsOf(options);
    refuseOtherDialect(await findBackup(backups.folder, options.file), target.dialect, displayTarget(target));
  }
  return asRun(options, {
    name: 'restore',
    work: (session) => restoreIn(session, options),
    describe: ({ backup, safetyBackup, kept }) => ({
      reason: 'Succeeded',
      backup: backup.manifest.name,
      message: joinSentences(
        `The content was replaced by the backup ${backup.manifest.name}`,
        safetyBackup && `The previous state is in ${safetyBackup.manifest.name}`,
        kept && `The previous state is in the database ${kept.name}`,
      ),
    }),
    create: options.into === true ? 'reported' : false,
    replaces: true,
  });
}

async function restoreIn(session: Session, options: RestoreOptions): Promise<RestoredBackup> {
  const { database, settings } = session;
  const { folder, recipients } = settings.backups;
  const databaseId = options.into === true ? undefined : database.identity.id;
  const backup = await findBackup(folder, options.file, databaseId);
  return restoreBackup(database, backup, {
    safetyBackup: session.created ? false : { folder, recipients, ...(await labels(session)) },
    identities: await backupIdentities(settings.backups, options.env),
    now: new Date(),
    into: options.into,
    terminateSessions: options.terminateSessions,
    onProgress: options.onProgress,
    onMessage: options.onMessage,
    signal: options.signal,
  });
}

/**
 * Deletes old backups of this database, but never its newest complete backup or a backup of another database. Returns
 * the deleted backups. Databases that a restore replaced and kept are dropped after the same number of days.
 *
 * @example
 * const removed = await pruneBackups({ databaseUrl: 'sqlite:///data/app.db', last: 5, days: 14 });
 */
export function pruneBackups(options: Options & Partial<Retention> & { dryRun?: boolean } = {}): Promise<Backup[]> {
  const { dryRun } = options;
  return withDatabase(options, async ({ database, settings }) => {
    const { folder, retain } = settings.backups;
    const { last = retain.last, days = retain.days } = options;
    const now = new Date();
    for (const { name, sizeBytes } of await pruneKept(database, { days, dryRun, now })) {
      options.onMessage?.(
        `The database ${name} (${bytesText(sizeBytes)}), kept by a restore, ${dryRun === true ? 'would be' : 'was'} dropped.`,
      );
    }
    const onKept = options.onMessage;
    return prune(folder, { last, days, dryRun, databaseId: database.identity.id, now, onKept });
  });
}

async function labels({ database, settings }: Session) {
  return {
    revision: currentPosition(await database.history.read()),
    toolVersion: TOOL_VERSION,
    compression: settings.backups.compression,
    integrityCheck: settings.backups.integrityCheck,
  };
}
