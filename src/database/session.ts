import type { MigrationEffects } from '../core/model/effects.ts';
import type { HistoryRow } from '../core/model/history.ts';
import type { PendingQueries, SqlStatement } from '../core/model/migration.ts';
import type { Problem } from '../core/model/problem.ts';
import type { DatabaseTarget } from '../core/model/target.ts';

/**
 * One connection on which migrations run, as the loop in `umzug.ts` needs it. Each dialect has one in `migrate.ts`.
 * The session owns BEGIN and COMMIT; a migration's queries, however it makes them, go over the same connection.
 */
export interface MigrationSession {
  begin(mode: TransactionMode): Promise<void>;
  /** What `begin` does to a session that others have used, where a transaction goes on over several migrations. */
  startOver(): Promise<void>;
  commit(): Promise<void>;
  /** Never throws: a connection that is gone has rolled back. */
  rollback(): Promise<void>;
  execute(statement: SqlStatement): Promise<void>;
  /** What the code of this migration gets: a query interface whose queries run here, and the Sequelize class. */
  codeArguments(revision: string): CodeArguments;
  /** Migrations of which a query came after their end, since this was asked last. Such a query is refused. */
  late(): string[];
  /** The statement that ran last and how many ran since `begin`, for reports. */
  lastStatement(): { statements: number; last: string | undefined };

  putHistory(row: HistoryRow): Promise<void>;
  removeHistory(revision: string): Promise<void>;

  /** Where migrations may share a transaction; see `grouped.ts`. */
  marks?: Savepoints;

  /** The database's words where what failed can only run outside a transaction. */
  outsideOnly(error: unknown): string | undefined;
  /** What went wrong, in the words of the field; `statement` is the one that failed where it came from SQL. */
  problemOf(error: unknown, statement: SqlStatement | undefined): Problem;
  /** The same migration may succeed when tried again, and how: after a pause, or at once in another mode. */
  retryOf(error: unknown): { mode: TransactionMode; pause: boolean; why: string } | undefined;
  /** Mends what a failed migration without a transaction left behind (an INVALID index); says what was done. */
  cleanUp(): Promise<string | undefined>;
  /** The connection broke, so a COMMIT that was sent may have taken place or not. */
  commitOutcomeUnknown(error: unknown): boolean;
  /** Whether a history row is there, asked on a fresh connection once the old one has ended on the server. */
  isRecorded(revision: string): Promise<boolean>;

  /** Rehearsal only: looks at the database before a migration; the answer is asked for before its commit. */
  observe(): Promise<Observation>;
  close(): Promise<void>;
}

export interface CodeArguments {
  queryInterface: unknown;
  sequelize: unknown;
  queries: PendingQueries;
  /** The database that it runs on. */
  target: DatabaseTarget;
}

/** `foreignKeysOff` is SQLite's: a table that others reference is rebuilt, and all references are checked before COMMIT. */
export type TransactionMode = 'normal' | 'foreignKeysOff';

/** Marks inside a transaction, to which one migration of several can be taken back. */
export interface Savepoints {
  /** False where a constraint is checked at COMMIT only. */
  allowed(): Promise<boolean>;
  set(): Promise<void>;
  keep(): void;
  /** Back to the last mark; false where the transaction is gone. */
  back(): Promise<boolean>;
}

export interface Observation {
  effects(revision: string, seconds: number): Promise<MigrationEffects>;
}
