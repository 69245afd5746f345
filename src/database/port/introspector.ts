import type { CheckResult } from '../../core/model/finding.ts';
import type { Snapshot } from '../../core/model/snapshot.ts';
import type { Doubt } from '../../core/schema/doubts.ts';

/** Reads the content of the database. Writes nothing. */
export interface Introspector {
  /** Tables, columns, constraints and indexes of the migrated schemas, without our own history table. */
  snapshot(): Promise<Snapshot>;
  /** Which of these pairs of expressions have the same meaning in this database; nothing is executed on its tables or written. */
  sameExpressions(doubts: readonly Doubt[]): Promise<boolean[]>;
  /** CREATE FUNCTION and CREATE TRIGGER of the code in the database that a statement may call. */
  storedCode(): Promise<string[]>;
  /** The tables of unmanaged schemas, as a sentence; undefined if there are none. */
  otherSchemas(): Promise<string | undefined>;
  /** Free disk space, privileges, replication, long transactions: read-only checks of what could go wrong. */
  checks(context: CheckContext): Promise<CheckResult[]>;
  /** Rough size in bytes, for estimates and free-space checks. */
  sizeBytes(): Promise<number>;
  /** Rows and bytes of every migrated table, as cheaply as the database can provide them; keys are `schema.table`. */
  tableSizes(): Promise<Map<string, TableSize>>;
  /** Exact row count of every migrated table; keys are `schema.table`. */
  rowCounts(): Promise<Map<string, number>>;
  /**
   * Whether a condition, a query or an expression, is true; NULL and no row are not. Read-only. `statementMs`: limit, 0 for
   * none. Throws ProblemError, or the database's error if the condition is wrong.
   */
  isTrue(condition: string, statementMs: number): Promise<boolean>;
  /** Rows of a table, also of a partition, or those that have a value in a column; 0 if one of them does not exist. */
  countValues(table: { schema?: string; name: string }, column?: string): Promise<number>;
}

export interface TableSize {
  /** Absent if the table has rows that have not been counted or estimated yet. */
  rows?: number;
  /** With indexes; absent if the database cannot report it. */
  bytes?: number;
}

export interface CheckContext {
  /** The destination of the backup; absent if none will be taken, so that the programs for backups are not checked. */
  backupFolder?: string;
  /** PostgreSQL: the backup contains only these schemas. */
  backupSchemas?: readonly string[];
  /** A failed run restores the backup: an obstacle to that is a failed check. */
  restore?: { terminateSessions: boolean };
  /** PostgreSQL: the copy is on the target's server, where it needs connections too. */
  copyOnTarget?: boolean;
}
