/**
 * The databases that db-manager migrates. Other modules do not compare it: they read `Capabilities`, or look up what
 * differs in a `Record<Dialect, …>`, which a new database has to complete before the code compiles.
 */
export type Dialect = 'postgres' | 'sqlite';

export const DIALECTS = ['postgres', 'sqlite'] as const satisfies readonly Dialect[];

/** The schema of a table that names none. */
export const DEFAULT_SCHEMA: Record<Dialect, string> = { postgres: 'public', sqlite: 'main' };

/** The features of a database, as data, so that no other module checks its name or version. */
export interface Capabilities {
  /** Indexes can be built without blocking writers (`CREATE INDEX CONCURRENTLY`). */
  concurrentIndexes: boolean;
  /** The database lives in one file that this process opens itself. */
  singleFile: boolean;
  /** There can be more schemas (namespaces) than the default one. */
  schemas: boolean;
  /** A simple view can be written to, so that one can replace a renamed table. */
  writableViews: boolean;
  /** Views and triggers are stored as text, which no change of a table updates. */
  textDependents: boolean;
  /** A statement can change what is outside its database: roles, other databases, files of the server. */
  serverObjects: boolean;
  /** Statements are read with the database's own parser. */
  ownParser: boolean;
  /** Names of tables that the database reserves. */
  reservedTables?: RegExp;
}

export const CAPABILITIES: Record<Dialect, Capabilities> = {
  postgres: {
    concurrentIndexes: true,
    singleFile: false,
    schemas: true,
    writableViews: true,
    textDependents: false,
    serverObjects: true,
    ownParser: true,
  },
  sqlite: {
    concurrentIndexes: false,
    singleFile: true,
    schemas: false,
    writableViews: false,
    textDependents: true,
    serverObjects: false,
    ownParser: false,
    reservedTables: /^sqlite_/i,
  },
};
