/** The databases that db-manager migrates. Only `database/<dialect>/` may decide by it; others read `Capabilities`. */
export type Dialect = 'postgres' | 'sqlite';

/** What a database can do, as data, so that no room but its own asks for its name or version. */
export interface Capabilities {
  /** Schema changes roll back with their transaction. */
  transactionalDdl: boolean;
  /** Indexes can be built without blocking writers (`CREATE INDEX CONCURRENTLY`). */
  concurrentIndexes: boolean;
  /** The database lives in one file that this process opens itself. */
  singleFile: boolean;
  /** There are schemas (namespaces) besides the default one. */
  schemas: boolean;
  /** Locks held by the session can be listed while it runs (`pg_locks`). */
  observableLocks: boolean;
}
