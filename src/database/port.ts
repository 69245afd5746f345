/**
 * The interface of a database for the rest of the project. `postgres/` and `sqlite/` each implement it with files of the
 * same names; no other module knows which one is used. Expected failures are thrown as `ProblemError` with the
 * reason already set, because only a dialect can interpret its own error codes.
 */
import type { Backup, BackupManifest, DatabaseIdentity } from '../core/model/backup.ts';
import type { Baseline } from '../core/model/baseline.ts';
import type { Capabilities, Dialect } from '../core/model/dialect.ts';
import type { MigrationEffects } from '../core/model/effects.ts';
import type { CheckResult } from '../core/model/finding.ts';
import type { HistoryRow } from '../core/model/history.ts';
import type { Direction, LoadedMigration } from '../core/model/migration.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { DatabaseTarget, Timeouts } from '../core/model/target.ts';
import type { Doubt } from '../core/schema/doubts.ts';
import type { DialOptions, RawSession, ToolTable, Watch } from './programs-port.ts';

export type { DialOptions, Observed, RawSession, ToolTable, Watch } from './programs-port.ts';

export interface OpenOptions {
  timeouts: Timeouts;
  /** Visible to the database's administrators: `pg_stat_activity.application_name`. */
  applicationName: string;
  /** Create a missing database: true for any, `file` only for one that is a file, with its folders. Default false. */
  create?: boolean | 'file';
  /** Called once a database was created, with a sentence. */
  onCreated?(message: string): void;
}

/** Connects and reads identity and version. Throws `ProblemError`: DatabaseUnreachable, AuthenticationFailed, … */
export type OpenDatabase = (target: DatabaseTarget, options: OpenOptions) => Promise<Database>;

export interface Database {
  readonly dialect: Dialect;
  readonly can: Capabilities;
  readonly identity: DatabaseIdentity;
  /** The Sequelize connection, for users of the library and for models; modules use the functions below. */
  readonly sequelize: unknown;

  history: HistoryStore;
  baseline: BaselineStore;
  /** Tables, columns, constraints and indexes of the migrated schemas, without our own history table. */
  snapshot(): Promise<Snapshot>;
  /** Which of these pairs of expressions have the same meaning in this database; nothing is executed on its tables or written. */
  sameExpressions(doubts: readonly Doubt[]): Promise<boolean[]>;
  /** The tables of unmanaged schemas, as a sentence; undefined if there are none. */
  otherSchemas(): Promise<string | undefined>;
  /** Waits until this run holds the migration lock. Throws ProblemError LockHeld, naming the holder. */
  lock(options: LockOptions): Promise<Lock>;
  /** Applies or reverts in the given order; stops at the first failure, which is returned as a value. */
  migrate(work: MigrationWork): Promise<MigrationOutcome>;
  /** Free disk space, privileges, replication, long transactions: read-only checks of what could go wrong. */
  checks(context: CheckContext): Promise<CheckResult[]>;
  /** Rough size in bytes, for estimates and free-space checks. */
  sizeBytes(): Promise<number>;
  /** Rows and bytes of every migrated table, as cheaply as the database can provide them; keys are `schema.table`. */
  tableSizes(): Promise<Map<string, TableSize>>;
  /** Exact row count of every migrated table; keys are `schema.table`. */
  rowCounts(): Promise<Map<string, number>>;

  /** Writes a complete backup of this database to `file` (a path that does not exist). */
  dump(file: string, options: DumpOptions): Promise<DumpResult>;
  /** Reads a dump with the database's own tools. Throws ProblemError BackupInvalid. */
  checkDump(path: string, format: DumpResult['format'], options?: { signal?: AbortSignal }): Promise<void>;
  /** Replaces this database's content by a verified backup: completely or not at all. */
  restore(backup: Backup, options: RestoreOptions): Promise<RestoreOutcome>;
  /** Databases that restores of this one replaced and kept, newest first. */
  keptDatabases(): Promise<KeptDatabase[]>;
  /** Drops one of them, and nothing else. */
  dropKept(name: string): Promise<void>;
  /** A scratch database next to this one, filled from a backup, from this schema without rows, or empty. */
  createScratch(from: ScratchSource, options: ScratchOptions): Promise<Scratch>;
  /** Drops scratch databases of crashed runs, and nothing else; returns their names. */
  dropStaleScratches(): Promise<string[]>;

  /**
   * A connection that is passed on to another program: authenticated, and not used yet. Absent if programs open the
   * database themselves. `parameters`: of the client's startup message. Throws ProblemError, or the server's error.
   */
  dial?(parameters: ReadonlyMap<string, string>, options: DialOptions): Promise<RawSession>;

  /** The tables of these names in any schema, with all their rows. */
  toolTables(names: readonly string[]): Promise<ToolTable[]>;
  /**
   * Every object of every schema with a hash of its definition, without rows, owners and privileges: what two
   * databases have in common can be compared. Keys are `class\0name`.
   */
  objects(): Promise<Map<string, string>>;
  /** Begins to record what other sessions do in this database, which is a scratch database. */
  watch(): Promise<Watch>;

  close(): Promise<void>;
}

export interface TableSize {
  /** Absent if the table has rows that have not been counted or estimated yet. */
  rows?: number;
  /** With indexes; absent if the database cannot report it. */
  bytes?: number;
}

export interface HistoryStore {
  /** Rows in the order of their application; empty if the table does not exist. Never writes. */
  read(): Promise<HistoryRow[]>;
  /** Creates or upgrades the table. */
  ensure(): Promise<void>;
  /** Adds or replaces rows, all or none (`stamp`, `adopt`, `repair`). */
  put(rows: HistoryRow[]): Promise<void>;
  remove(revisions: string[]): Promise<void>;
  /** Rows of another tool's history table, for `adopt`; undefined if the table does not exist. */
  foreign(table: string): Promise<Record<string, unknown>[] | undefined>;
}

/** The schema from which a replay starts, if the migrations do not start with an empty database. */
export interface BaselineStore {
  /** The stored baseline; undefined if there is none. Never writes. */
  read(): Promise<Baseline | undefined>;
  /** Replaces the stored baseline. */
  keep(baseline: Baseline): Promise<void>;
  /** Whether a baseline existed. */
  forget(): Promise<boolean>;
  /** This database's schema as SQL, without rows and without our own tables. */
  schemaSql(): Promise<string>;
  /** The installed extensions, each with the statement that installs it. */
  extensions(): Promise<{ name: string; sql: string }[]>;
  /** Runs such SQL on this database, which is a scratch database. */
  load(sql: string): Promise<void>;
}

export interface LockOptions {
  /** How long to wait, in milliseconds. */
  waitMs: number;
  runId: string;
  /** The identity of this run for other runs that wait: `pod/x` or `user@host`. */
  holder: string;
  onWaiting?(message: string): void;
  /** Stop waiting once this is aborted. */
  signal?: AbortSignal;
}

export interface Lock {
  /** True while the database still grants the lock. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

export interface MigrationWork {
  direction: Direction;
  migrations: LoadedMigration[];
  runId: string;
  toolVersion: string;
  timeouts: Timeouts;
  /** All migrations in one transaction instead of one each. */
  singleTransaction?: boolean;
  /** Record locks, rewrites and row counts of each migration (rehearsal only, because it takes time). */
  observe?: boolean;
  /** Stop before the next migration once this is aborted. */
  signal?: AbortSignal;
  onStart?(migration: LoadedMigration, index: number): void;
  onDone?(done: DoneMigration, index: number): void;
  /** A migration starts, also when it restarts after a lock timeout or in another mode. */
  onAttempt?(migration: LoadedMigration): void;
  /** Each statement of a migration before it is sent, also those of code. */
  onStatement?(sql: string): void;
  /** A retry after a lock timeout, as a sentence. */
  onRetry?(message: string): void;
}

export interface DoneMigration {
  revision: string;
  seconds: number;
  effects?: MigrationEffects;
  /** Why it ran outside a transaction although its author did not request this: its work and its row are not atomic. */
  outside?: string;
}

export type MigrationOutcome =
  | { kind: 'done'; done: DoneMigration[] }
  | { kind: 'failed'; done: DoneMigration[]; problem: Problem; retry: 'safe' | 'never'; touched: boolean }
  | { kind: 'stopped'; done: DoneMigration[] };

export interface CheckContext {
  /** The destination of the backup; absent if none will be taken, so that the programs for backups are not checked. */
  backupFolder?: string;
  /** PostgreSQL: the backup contains only these schemas. */
  backupSchemas?: readonly string[];
  /** A failed run restores the backup: an obstacle to that is a failed check. */
  restore?: { terminateSessions: boolean };
}

export interface DumpOptions {
  compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
  jobs?: number;
  /** PostgreSQL: only these schemas instead of the whole database. */
  schemas?: readonly string[];
  onProgress?(doneBytes: number, totalBytes: number | undefined): void;
  /** What the user should know although the run succeeded, as a sentence. */
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

export interface DumpResult extends Pick<BackupManifest, 'schemas' | 'leftOut' | 'catalogue'> {
  format: 'sqlite' | 'pg_dump-custom' | 'pg_dump-directory';
  clientVersion: string;
  compression: 'none' | 'gzip' | 'zstd' | 'lz4';
}

export interface RestoreOptions {
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

export type ScratchSource =
  | { kind: 'backup'; backup: Backup }
  | { kind: 'schema' }
  /** With the target's schemas, except those that the code run there creates itself. */
  | {
      kind: 'empty';
      makes?(schema: string): boolean;
      makesRole?(role: string): boolean;
      makesExtension?(extension: string): boolean;
    };

/**
 * If the scratch databases of a server's database are created: on a private server of the run, on the target's
 * server, or on another server that is named. Auto: on a private server if possible, otherwise on the target's server.
 */
export type ScratchServer = 'Auto' | 'Private' | 'SameServer' | { target: DatabaseTarget };

export interface ScratchOptions {
  runId: string;
  /** Default Auto. Ignored for a database that is a file. */
  server?: ScratchServer;
  /** Extensions that the code run there creates. */
  extensions?: readonly string[];
  /** Folder for a file copy; by default next to the database. */
  folder?: string;
  onProgress?(done: number, total: number | undefined): void;
}

export interface Scratch {
  database: Database;
  place: ScratchPlace;
  /** Differences from production, as sentences. */
  notes: string[];
  /** Drops the scratch database; safe to call twice. */
  drop(): Promise<void>;
}

export interface ScratchPlace {
  /** `Private`: its content is not visible outside and is deleted with the run. `File`: for a database that is a file. */
  kind: 'Private' | 'SameServer' | 'OtherServer' | 'File';
  /** Why the preferred place was not used; absent if it was. */
  why?: string;
}
