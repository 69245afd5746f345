import type { Backup, BackupManifest } from '../../core/model/backup.ts';

/** Backups of the whole database, and what a restore replaces. */
export interface BackupTools {
  /** Writes a complete backup of this database to `file` (a path that does not exist). */
  dump(file: string, options: DumpOptions): Promise<DumpResult>;
  /**
   * The same as a stream: `take` is called once and reads it to its end. The stream fails if the dump does, and what was
   * read is then not valid.
   */
  dumpStream(take: TakeDump, options: DumpOptions): Promise<DumpResult>;
  /** Reads a dump with the database's own tools. Throws ProblemError BackupInvalid. */
  checkDump(path: string, format: DumpResult['format'], options?: CheckDumpOptions): Promise<void>;
  /** Replaces this database's content by a verified backup: completely or not at all. */
  restore(backup: Backup, options: RestoreBackupOptions): Promise<RestoreOutcome>;
  /** Databases that restores of this one replaced and kept, newest first. */
  keptDatabases(): Promise<KeptDatabase[]>;
  /** Drops one of them, and nothing else. */
  dropKept(name: string): Promise<void>;
}

/**
 * SQLite: whether the check of a copy compares each index with its table (`full`, the default) or only reads all pages and
 * rows. PostgreSQL's dumps have one check.
 */
export type IntegrityCheck = 'full' | 'quick';

export interface CheckDumpOptions {
  /** The hash of the file is compared too, with that of the file that was checked when the backup was taken. */
  checkedBefore?: boolean;
  integrityCheck?: IntegrityCheck;
  /** PostgreSQL: the program that wrote it, as it prints its version; its own pg_restore then reads the dump. */
  writtenBy?: string;
  signal?: AbortSignal;
}

export interface DumpOptions {
  compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
  /** Of the copy that a stream is read from. */
  integrityCheck?: IntegrityCheck;
  /** PostgreSQL: only these schemas instead of the whole database. */
  schemas?: readonly string[];
  /** PostgreSQL: how long to wait for a table that another session has locked. 0 or absent: without a limit. */
  lockTimeoutMs?: number;
  onProgress?(doneBytes: number, totalBytes: number | undefined): void;
  /** What the user should know although the run succeeded, as a sentence. */
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

export interface DumpResult extends Pick<BackupManifest, 'schemas' | 'leftOut' | 'catalogue'> {
  format: 'sqlite' | 'pg_dump-custom';
  clientVersion: string;
  compression: 'none' | 'gzip' | 'zstd' | 'lz4';
}

export type TakeDump = (source: AsyncIterable<Buffer>, format: DumpResult['format']) => Promise<void>;

export interface RestoreBackupOptions {
  /** Terminate other sessions of the database instead of failing. */
  terminateSessions?: boolean;
  onProgress?(done: number, total: number | undefined): void;
  /** What the user should know although the restore succeeded, as a sentence: roles that are missing here. */
  onMessage?(message: string): void;
  /**
   * Called before the content is replaced in place, after all checks that could refuse the restore: a safety backup is
   * taken here. Not called if the replaced database is kept.
   */
  beforeReplacing?(): Promise<void>;
  signal?: AbortSignal;
}

export interface RestoreOutcome {
  /** The previous database, if the restore created a new one and kept it. */
  kept?: KeptDatabase;
}

/** A database that a restore replaced and kept. */
export interface KeptDatabase {
  name: string;
  sizeBytes: number;
  /** When it was replaced, ISO 8601 in UTC. */
  replacedAt: string;
}
