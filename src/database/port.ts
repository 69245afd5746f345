/**
 * What the rest of the house may ask of a database. `postgres/` and `sqlite/` each fulfil it with files of the
 * same names; nobody else knows which one is behind it. Expected failures are thrown as `ProblemError` with the
 * reason already decided, because only a dialect can read its own error codes.
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

export interface OpenOptions {
  timeouts: Timeouts;
  /** Seen by the database's administrators: `pg_stat_activity.application_name`. */
  applicationName: string;
  /** Create a missing database: true any, `file` only one that is a file, with its folders. Default false. */
  create?: boolean | 'file';
  /** Told once a database was created, in a sentence. */
  onCreated?(message: string): void;
}

/** Connects and reads identity and version. Throws `ProblemError`: DatabaseUnreachable, AuthenticationFailed, … */
export type OpenDatabase = (target: DatabaseTarget, options: OpenOptions) => Promise<Database>;

export interface Database {
  readonly dialect: Dialect;
  readonly can: Capabilities;
  readonly identity: DatabaseIdentity;
  /** The Sequelize connection, for users of the library and for models; rooms use the functions below. */
  readonly sequelize: unknown;

  history: HistoryStore;
  baseline: BaselineStore;
  /** Tables, columns, constraints, indexes of the migrated schemas, without our own history table. */
  snapshot(): Promise<Snapshot>;
  /** Which of these pairs of expressions mean the same to this database; nothing is executed on its tables or written. */
  sameExpressions(doubts: readonly Doubt[]): Promise<boolean[]>;
  /** In a sentence, the tables of schemas that are not looked after; undefined where there are none. */
  otherSchemas(): Promise<string | undefined>;
  /** Waits until this process is the only writer. Throws ProblemError LockHeld, naming the holder. */
  lock(options: LockOptions): Promise<Lock>;
  /** Applies or reverts in the given order; stops at the first failure, which is a value. */
  migrate(work: MigrationWork): Promise<MigrationOutcome>;
  /** Free room, rights, replication, long transactions: what could go wrong, read-only. */
  checks(context: CheckContext): Promise<CheckResult[]>;
  /** Rough size in bytes, for estimates and free-space checks. */
  sizeBytes(): Promise<number>;
  /** Rows and bytes of every migrated table, as cheaply as the database can tell; keys are `schema.table`. */
  tableSizes(): Promise<Map<string, TableSize>>;
  /** Row count of every migrated table, exact; keys are `schema.table`. */
  rowCounts(): Promise<Map<string, number>>;

  /** Writes a whole backup of this database to `file` (a path that does not exist). */
  dump(file: string, options: DumpOptions): Promise<DumpResult>;
  /** Reads a dump with the database's own means. Throws ProblemError BackupInvalid. */
  checkDump(path: string, format: DumpResult['format'], options?: { signal?: AbortSignal }): Promise<void>;
  /** Replaces this database's content by a verified backup: all of it or nothing. */
  restore(backup: Backup, options: RestoreOptions): Promise<RestoreOutcome>;
  /** Databases that restores of this one replaced and kept, newest first. */
  keptDatabases(): Promise<KeptDatabase[]>;
  /** Drops one of them, and nothing else. */
  dropKept(name: string): Promise<void>;
  /** A scratch database beside this one, filled from a backup, from this schema without rows, or empty. */
  createScratch(from: ScratchSource, options: ScratchOptions): Promise<Scratch>;
  /** Drops scratch databases that crashed runs left behind, and nothing else; their names. */
  dropStaleScratches(): Promise<string[]>;

  close(): Promise<void>;
}

export interface TableSize {
  /** Absent where the table has rows and nobody has counted or estimated them yet. */
  rows?: number;
  /** With indexes; absent where the database cannot tell. */
  bytes?: number;
}

export interface HistoryStore {
  /** Rows in the order of their application; empty where the table does not exist. Never writes. */
  read(): Promise<HistoryRow[]>;
  /** Creates or upgrades the table. */
  ensure(): Promise<void>;
  /** Adds or replaces rows, all or none (`stamp`, `adopt`, `repair`). */
  put(rows: HistoryRow[]): Promise<void>;
  remove(revisions: string[]): Promise<void>;
  /** Rows of another tool's history table, for `adopt`; undefined where there is no such table. */
  foreign(table: string): Promise<Record<string, unknown>[] | undefined>;
}

/** What a replay starts from where the migrations do not begin with an empty database. */
export interface BaselineStore {
  /** The one that is kept; undefined where there is none. Never writes. */
  read(): Promise<Baseline | undefined>;
  /** Replaces the one that is kept. */
  keep(baseline: Baseline): Promise<void>;
  /** Whether there was one. */
  forget(): Promise<boolean>;
  /** This database's schema as SQL, without rows and without our own tables. */
  schemaSql(): Promise<string>;
  /** The extensions that are installed here, each with the statement that installs it. */
  extensions(): Promise<{ name: string; sql: string }[]>;
  /** Runs such SQL on this database, which is a scratch database. */
  load(sql: string): Promise<void>;
}

export interface LockOptions {
  /** How long to wait, in milliseconds. */
  waitMs: number;
  runId: string;
  /** Who we are, for those that wait: `pod/x` or `user@host`. */
  holder: string;
  onWaiting?(message: string): void;
  /** Stop waiting once this is aborted. */
  signal?: AbortSignal;
}

export interface Lock {
  /** True while the database still grants it. */
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
  /** Record locks, rewrites and row counts of each migration (rehearsal only: it costs time). */
  observe?: boolean;
  /** Stop before the next migration once this is aborted. */
  signal?: AbortSignal;
  onStart?(migration: LoadedMigration, index: number): void;
  onDone?(done: DoneMigration, index: number): void;
  /** A migration begins, also when it begins anew after a lock timeout or in another mode. */
  onAttempt?(migration: LoadedMigration): void;
  /** Each statement of a migration before it is sent, also those of a migration's code. */
  onStatement?(sql: string): void;
  /** A retry after a lock timeout, in a sentence. */
  onRetry?(message: string): void;
}

export interface DoneMigration {
  revision: string;
  seconds: number;
  effects?: MigrationEffects;
  /** Why it ran outside a transaction although its author did not say so: its work and its row are not one. */
  outside?: string;
}

export type MigrationOutcome =
  | { kind: 'done'; done: DoneMigration[] }
  | { kind: 'failed'; done: DoneMigration[]; problem: Problem; retry: 'safe' | 'never'; touched: boolean }
  | { kind: 'stopped'; done: DoneMigration[] };

export interface CheckContext {
  /** Where a backup will be taken to; absent where none will, so that nothing is asked of the programs that take it. */
  backupFolder?: string;
  /** PostgreSQL: the backup is of these schemas alone. */
  backupSchemas?: readonly string[];
  /** A failed run restores the backup: what would prevent that is a failed check. */
  restore?: { terminateSessions: boolean };
}

export interface DumpOptions {
  compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
  jobs?: number;
  /** PostgreSQL: only these schemas instead of the whole database. */
  schemas?: readonly string[];
  onProgress?(doneBytes: number, totalBytes: number | undefined): void;
  /** What a person should know though it went well, in a sentence. */
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

export interface DumpResult extends Pick<BackupManifest, 'schemas' | 'leftOut' | 'catalogue'> {
  format: 'sqlite' | 'pg_dump-custom' | 'pg_dump-directory';
  clientVersion: string;
  compression: 'none' | 'gzip' | 'zstd' | 'lz4';
}

export interface RestoreOptions {
  /** End other sessions of the database instead of refusing. */
  terminateSessions?: boolean;
  onProgress?(done: number, total: number | undefined): void;
  /** What a person should know though it went well, in a sentence: roles that are missing here. */
  onMessage?(message: string): void;
  /**
   * Called before the content is replaced in place, after all that could refuse the restore: a safety backup is taken
   * here. Not called where the replaced database is kept.
   */
  beforeReplacing?(): Promise<void>;
  signal?: AbortSignal;
}

export interface RestoreOutcome {
  /** The database as it was before, where the restore made another one and kept it. */
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
  /** With the target's schemas, but not those that what runs there makes itself. */
  | {
      kind: 'empty';
      makes?(schema: string): boolean;
      makesRole?(role: string): boolean;
      makesExtension?(extension: string): boolean;
    };

/**
 * Where scratch databases of a server's database are: on a private server of the run, on the target's server, or on
 * another that is named. Auto: private where it can be, else on the target's server.
 */
export type ScratchServer = 'Auto' | 'Private' | 'SameServer' | { target: DatabaseTarget };

export interface ScratchOptions {
  runId: string;
  /** Default Auto. A database that is a file needs none. */
  server?: ScratchServer;
  /** Extensions that what runs there creates. */
  extensions?: readonly string[];
  /** Where a file copy may lie; by default beside the database. */
  folder?: string;
  onProgress?(done: number, total: number | undefined): void;
}

export interface Scratch {
  database: Database;
  place: ScratchPlace;
  /** What is not as in production, in sentences. */
  notes: string[];
  /** Drops the scratch database; safe to call twice. */
  drop(): Promise<void>;
}

export interface ScratchPlace {
  /** `Private`: nothing outside sees what runs there, and all of it goes with the run. `File`: of a database that is one. */
  kind: 'Private' | 'SameServer' | 'OtherServer' | 'File';
  /** Where it is not the one that is preferred: why. */
  why?: string;
}
