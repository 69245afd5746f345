import type { MigrationEffects } from '../core/model/effects.ts';
import type { HistoryWrite } from '../core/model/history.ts';
import type { PendingQueries, SentStatements, SqlStatement } from '../core/model/migration.ts';
import type { Problem } from '../core/model/problem.ts';
import type { DatabaseTarget } from '../core/model/target.ts';

/**
 * One connection on which migrations run, as the loop in `umzug.ts` needs it. Each dialect implements it in `migrate.ts`.
 * The session owns BEGIN and COMMIT; all queries of a migration use the same connection.
 */
export interface MigrationSession {
  begin(mode: TransactionMode): Promise<void>;
  /** What `begin` does to a used session, if a transaction spans several migrations. */
  startOver(): Promise<void>;
  commit(): Promise<void>;
  /** Never throws: a lost connection has rolled back. */
  rollback(): Promise<void>;
  execute(statement: SqlStatement): Promise<void>;
  /** What this migration's code receives: a query interface whose queries run here, and the Sequelize class. */
  codeArguments(revision: string): CodeArguments;
  /** Migrations that sent a query after their end, since the last call. Such a query is rejected. */
  late(): string[];
  /** The last statement and the number of statements since `begin`, for reports. */
  lastStatement(): { statements: number; last: string | undefined };

  putHistory(row: HistoryWrite): Promise<void>;
  /** The statements of this migration's code that change the schema; undefined if it did not run last. */
  sentByCode(revision: string): SentStatements | undefined;
  removeHistory(revision: string): Promise<void>;

  /** For a database to which each round trip matters. */
  atOnce?: AtOnce;

  /** Where migrations may share a transaction; see `batched.ts`. */
  marks?: Savepoints;

  /** The database's message if the failed statement can only run outside a transaction. */
  outsideOnly(error: unknown): string | undefined;
  /** The failure as a problem; `statement` is the failed one if it came from SQL. */
  problemOf(error: unknown, statement: SqlStatement | undefined): Problem;
  /** Whether the same migration may succeed on a retry, and how: after a pause, or immediately in another mode. */
  retryOf(error: unknown): { mode: TransactionMode; pause: boolean; why: string } | undefined;
  /** Cleans up after a failed migration without a transaction (an INVALID index); returns what was done. */
  cleanUp(): Promise<string | undefined>;
  /** The connection broke, so a COMMIT that was sent may have succeeded or not. */
  commitOutcomeUnknown(error: unknown): boolean;
  /** Whether a history row exists, read on a fresh connection once the old one has ended on the server. */
  isRecorded(revision: string): Promise<boolean>;

  /** Rehearsal only: inspects the database before a migration; the result is read before its commit. */
  observe(): Promise<SessionObservation>;
  close(): Promise<void>;
}

/** A migration and the change of the history that is committed with it. */
export interface WholeMigration {
  statements: readonly SqlStatement[];
  history: { put: HistoryWrite } | { remove: string };
}

/** Called with the index of a migration. The functions must not throw. */
interface WholeListener {
  onBegin(index: number): void;
  /** The statement that runs next; undefined after the last one. */
  onStatement(index: number, statement: SqlStatement | undefined): void;
  /** It is committed. */
  onDone(index: number): void;
}

export type WholeOutcome =
  | { kind: 'all' }
  /** Those that were reported are committed, and the others were not run: the first took so long that a stop may be wanted. */
  | { kind: 'paused' }
  /** The first that was not reported cannot be sent in this way. Nothing is left of it, and those after it were not run. */
  | { kind: 'unsuitable' }
  /** The first that was not reported failed, or the connection was lost. Call `rollback` before anything else. */
  | { kind: 'failed'; error: unknown };

interface AtOnce {
  /** Whether the statements may be sent together. */
  accepts(statements: readonly SqlStatement[]): boolean;
  /**
   * What `begin`, `execute`, the change of the history and `commit` do for each migration, in one round trip. After an error
   * none of the next ones is run.
   */
  run(migrations: readonly WholeMigration[], listener: WholeListener): Promise<WholeOutcome>;
}

interface CodeArguments {
  queryInterface: unknown;
  sequelize: unknown;
  queries: PendingQueries;
  /** The database on which it runs. */
  target: DatabaseTarget;
}

/** `foreignKeysOff` is for SQLite: a table that others reference is rebuilt, and all references are checked before COMMIT. */
export type TransactionMode = 'normal' | 'foreignKeysOff';

/** Savepoints inside a transaction, to which one of several migrations can be rolled back. */
export interface Savepoints {
  /** False if a constraint is checked only at COMMIT. */
  allowed(): Promise<boolean>;
  set(): Promise<void>;
  keep(): void;
  /** Rolls back to the last savepoint; false if the transaction has ended. */
  back(): Promise<boolean>;
}

export interface SessionObservation {
  effects(revision: string, seconds: number): Promise<MigrationEffects>;
}
