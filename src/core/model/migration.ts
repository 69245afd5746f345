import type { SourcePosition } from './problem.ts';
import type { Revision } from './revision.ts';

/** How a migration file is written. Detected per file; one folder may mix them. */
export type MigrationFormat = 'umzug' | 'sequelize-cli' | 'dbmate' | 'goose' | 'golang-migrate' | 'flyway' | 'sql';

export type Direction = 'up' | 'down';

/** What a directory listing and a hash tell of a migration: enough to plan, cheap for thousands of files. */
export interface MigrationFile {
  revision: Revision;
  /** Paths relative to the migrations folder; two for formats that keep up and down apart, `up` first. */
  files: string[];
  /** `sha256:<hex>` of the contents with line ends normalised to LF; for two files, of both in order. */
  checksum: string;
}

/** One SQL statement with the place it starts at, for messages that point into the file. Lines and columns start at 1. */
export interface SqlStatement {
  sql: string;
  file: string;
  line: number;
  column: number;
}

/** The queries of a code migration that have been sent and not been answered yet. */
export interface PendingQueries {
  /** Waits for them; throws what one of them threw. False where there were none. */
  drain(): Promise<boolean>;
}

/** What a migration does in one direction. */
export type MigrationBody =
  | { kind: 'sql'; statements: SqlStatement[] }
  | {
      kind: 'code';
      /**
       * Calls the author's function with the arguments that its format expects, and waits for all that it has begun;
       * `queries` knows of the queries that it has sent.
       */
      call(queryInterface: unknown, sequelize: unknown, queries?: PendingQueries): Promise<void>;
      /** Where in its file an error came from that `call` threw; undefined where its stack does not tell. */
      placeOf?(error: unknown): SourcePosition | undefined;
    };

/** A migration that has been read (and imported, where it is code) and can be run. */
export interface LoadedMigration extends MigrationFile {
  format: MigrationFormat;
  /** The first comment's text, else the name in words. */
  description: string;
  up: MigrationBody;
  /** Absent where the file has no way back. */
  down?: MigrationBody;
  /** False where the author opted out of the transaction for that direction. */
  transactional: { up: boolean; down: boolean };
  /** The author asks for the transaction, so it never runs without. */
  atomic?: boolean;
}
