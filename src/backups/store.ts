/**
 * The interface of a place for backups. A folder and an object store implement it (`open-store.ts`).
 * Expected failures are thrown as `ProblemError`, because only a store can interpret its own errors.
 */
import type { Backup, BackupManifest, DatabaseIdentity } from '../core/model/backup.ts';
import type { HashedBackup } from './hash.ts';

export interface BackupStore {
  /** For messages: the folder, or the URL without parameters. */
  readonly display: string;
  /** Checks that backups can be written there, and returns a short description. Throws ProblemError. */
  check(neededBytes: number): Promise<string>;
  list(): Promise<BackupList>;
  /** The backup at this path, whose data exists and has the recorded size. Throws ProblemError BackupNotFound or BackupInvalid. */
  read(path: string): Promise<Backup>;
  /** The data as it is stored, encrypted or not. */
  content(backup: Backup, options?: { signal?: AbortSignal }): AsyncIterable<Buffer>;
  /** The path of the data, where programs can read it; absent in an object store. */
  localPath?(backup: Backup): string;
  /** Removes leftovers of dead writers and starts a new backup of this database. */
  begin(options: BeginOptions): Promise<Writing>;
  /** Starts new data for an existing backup; `finish` replaces the manifest and deletes the old data. */
  replace(backup: Backup): Promise<Writing>;
  /** Replaces the manifest of an existing backup, whose data stays as it is. */
  describe(backup: Backup): Promise<void>;
  /** Deletes a backup, manifest first. Returns why it was not deleted, as a sentence, if a retention lock protects it. */
  remove(backup: Backup): Promise<string | undefined>;
  /** Removes what dead writers of this database left. */
  cleanLeftovers(databaseId: string): Promise<void>;
  /** Writes the report of a run, or its page, next to the backup and returns its path. */
  keepReport(backup: Backup, text: string, form: 'json' | 'page'): Promise<string>;
  /** The report as JSON; undefined if the backup has none. */
  readReport(backup: Backup): Promise<string | undefined>;
  /** An error of this store as a problem; any other error is returned unchanged. */
  problem(error: unknown): unknown;
}

export interface UnreadableBackup {
  path: string;
  /** As a sentence. */
  why: string;
}

export interface BackupList {
  /** Newest first. They exist and have the expected size; `verifyBackup` reads their content. */
  backups: Backup[];
  /** Names that look like a backup but are not valid: the manifest is missing or unreadable, or a file is missing or truncated. */
  unreadable: UnreadableBackup[];
}

interface BeginOptions {
  database: DatabaseIdentity;
  /** Instead of a name that is made from the time. */
  name?: string;
  now: Date;
  /** Upper estimate of the size of the data, in bytes. */
  expectedBytes: number;
  /** Whether the data will have at least that size, so that less free space is a failure. */
  atLeast: boolean;
  signal?: AbortSignal;
}

/** One backup that is being written. Nothing of it is listed before `finish` returns. */
export interface Writing {
  /** The name without extension. */
  readonly stem: string;
  /** A path that does not exist, to which the database may write instead of `write`; absent in an object store. */
  readonly file?: string;
  /** Writes the data under this name. The result is the size and hash of what is stored. */
  write(name: string, source: AsyncIterable<Buffer>): Promise<HashedBackup>;
  /** Publishes the backup: its manifest is written last. */
  finish(manifest: BackupManifest): Promise<Backup>;
  /** Removes what was written, unless it was finished. Called in every case. */
  close(): Promise<void>;
}
