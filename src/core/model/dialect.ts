/** The databases that db-manager migrates. Only `database/<dialect>/` may branch on it; other modules read `Capabilities`. */
export type Dialect = 'postgres' | 'sqlite';

/** The features of a database, as data, so that no other module checks its name or version. */
export interface Capabilities {
  /** Schema changes roll back with their transaction. */
  transactionalDdl: boolean;
  /** Indexes can be built without blocking writers (`CREATE INDEX CONCURRENTLY`). */
  concurrentIndexes: boolean;
  /** The database lives in one file that this process opens itself. */
  singleFile: boolean;
  /** There can be more schemas (namespaces) than the default one. */
  schemas: boolean;
  /** Locks held by the session can be listed while it runs (`pg_locks`). */
  observableLocks: boolean;
}
