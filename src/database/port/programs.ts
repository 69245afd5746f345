/** The role for programs of other tools that use a database: their connection, and a record of their changes. */
import type { MigrationEffects } from '../../core/model/effects.ts';

export interface ToolTable {
  /** PostgreSQL: its schema; SQLite: `main`. */
  schema: string;
  name: string;
  rows: Record<string, unknown>[];
}

/** Records what other sessions do in this database, until it is stopped. */
export interface EffectWatch {
  /** The locks that they hold now are added. Never throws. */
  look(): Promise<void>;
  /** Waits until the other sessions have ended, as far as they end soon. */
  stop(): Promise<ObservedEffects>;
}

export interface ObservedEffects extends Pick<MigrationEffects, 'locks' | 'rewrites' | 'rows'> {
  /** Every table and sequence of the database whose content changed; `schema.name`. */
  changed: string[];
  /** Of a database that is a file: no program read it, or it was removed or replaced. Absent otherwise, or if unknown. */
  file?: 'NotRead' | 'Replaced';
}

/** Programs of others that work in this database. */
export interface ProgramHost {
  /** The tables of these names in any schema, with all their rows. */
  toolTables(names: readonly string[]): Promise<ToolTable[]>;
  /**
   * Every object of every schema with a hash of its definition, without rows, owners and privileges: what two
   * databases have in common can be compared. Keys are `class\0name`.
   */
  objects(): Promise<Map<string, string>>;
  /**
   * The names of the prepared transactions of this database: they hold locks without a session. With `rollBack` they are
   * rolled back.
   */
  preparedTransactions(options?: { rollBack: boolean }): Promise<string[]>;
  /** Begins to record what other sessions do in this database, which is a scratch database. */
  watch(): Promise<EffectWatch>;
}
