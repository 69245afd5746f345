import type { Baseline } from '../../core/model/baseline.ts';
import type { MigrationEffects } from '../../core/model/effects.ts';
import type { HistoryRow, HistoryWrite, StoredSource } from '../../core/model/history.ts';
import type { Direction, LoadedMigration } from '../../core/model/migration.ts';
import type { Problem } from '../../core/model/problem.ts';
import type { Revision } from '../../core/model/revision.ts';
import type { RunRecord } from '../../core/model/run-record.ts';
import type { Timeouts } from '../../core/model/target.ts';

/** Runs migrations, and keeps the tables that db-manager owns. */
export interface Migrator {
  history: HistoryStore;
  baseline: BaselineStore;
  runs: RunStore;
  /** Waits until this run holds the migration lock. Throws ProblemError LockHeld, naming the holder. */
  lock(options: LockOptions): Promise<Lock>;
  /** Applies or reverts in the given order; stops at the first failure, which is returned as a value. */
  migrate(work: MigrationWork): Promise<MigrationOutcome>;
}

export interface HistoryStore {
  /** Rows in the order of their application; empty if the table does not exist. Never writes. */
  read(): Promise<HistoryRow[]>;
  /** The stored text of these migrations; one that has no row is left out. Never writes. */
  sources(revisions: readonly Revision[]): Promise<Map<Revision, StoredSource>>;
  /** Creates the table, or adds the columns of the current layout, in one transaction. */
  ensure(): Promise<void>;
  /** Adds or replaces rows, all or none (`stamp`, `adopt`, `repair`). */
  put(rows: HistoryWrite[]): Promise<void>;
  remove(revisions: string[]): Promise<void>;
  /** Rows of another tool's history table, for `adopt`; undefined if the table does not exist. */
  foreign(table: string): Promise<Record<string, unknown>[] | undefined>;
  /**
   * Histories that another setting of `history` wrote. Empty if the history exists, or if its database or schema has no tables.
   * Never writes.
   */
  others(): Promise<OtherHistory[]>;
}

export interface OtherHistory {
  /** The table that does not exist, and the one that was found, quoted. */
  expected: string;
  table: string;
  /** The required setting: `history: {schema: ops, table: applied}`. */
  setting: string;
  rows: Pick<HistoryRow, 'revision' | 'checksum'>[];
}

/** The records of runs, in a table next to the history. */
export interface RunStore {
  /** Whether the database has a history or records of runs, so that a run without effect is kept too. Never writes. */
  exists(): Promise<boolean>;
  /** The caller holds the migration lock: any other run that is still `running` is lost. Creates the table. */
  start(record: RunRecord): Promise<void>;
  /** Whether the row of another run has the state `running`: it runs now, or was killed. Never writes. */
  hasRunning(): Promise<boolean>;
  /** The caller holds the migration lock: every run that is still `running` is lost. */
  markLost(): Promise<void>;
  /** Completes the row of this run and attempt, or adds it. Removes the oldest rows beyond `KEPT_RUNS`. */
  finish(record: RunRecord): Promise<void>;
  /** The last one first; empty if the table does not exist. Never writes. */
  list(): Promise<RunRecord[]>;
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
  /** Before a commit: the catalogues that all databases share, and that the transaction changed. If it throws, nothing is committed. */
  onShared?(catalogues: readonly string[]): void;
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
