import type { StoredSource } from './history.ts';
import type { SourcePosition } from './problem.ts';
import type { Revision } from './revision.ts';

/** How a migration file is written. Detected per file; one folder may mix them. */
export type MigrationFormat =
  | 'umzug'
  | 'sequelize-cli'
  | 'knex'
  | 'dbmate'
  | 'goose'
  | 'golang-migrate'
  | 'flyway'
  | 'prisma'
  | 'drizzle'
  | 'sql';

export type Direction = 'up' | 'down';

/** A migration as known from a directory listing and a hash: enough to plan, cheap for thousands of files. */
export interface MigrationFile {
  revision: Revision;
  /** Paths relative to the migrations folder; two for formats with separate up and down files, `up` first. */
  files: string[];
  /** `sha256:<hex>` of the contents with line ends normalised to LF; for two files, of both in order. */
  checksum: string;
  /** The files as the history keeps them, if they are not in the folder. */
  stored?: StoredFiles;
}

/** The files of a migration that the history keeps. */
export interface StoredFiles {
  /** In the order of `files`, byte by byte. */
  contents: readonly Uint8Array[];
  /** How Node reads a `.js` or `.ts` file of it. */
  type?: 'module' | 'commonjs';
  /** For code: the statements that it sent when it was applied. */
  sent?: SentStatements;
  /** False for code that imports other files: it can be shown, but not run. */
  replayable: boolean;
}

/** Statements of code that change the schema, in order, as they were sent. */
export interface SentStatements {
  statements: readonly string[];
  /** False if there were more. */
  complete: boolean;
}

/** One SQL statement with its start position, for messages that point into the file. Lines and columns start at 1. */
export interface SqlStatement {
  sql: string;
  file: string;
  line: number;
  column: number;
  /** The condition of `-- db-manager:assert`; `sql` fails unless it is true. */
  assertion?: string;
}

/** The queries of a code migration that have been sent and are not finished yet. */
export interface PendingQueries {
  /** Waits for them; throws the error of the first that failed. False if there were none. */
  drain(): Promise<boolean>;
  /** Whether there are any, without waiting. */
  pending(): boolean;
}

/** What a migration does in one direction. */
export type MigrationBody =
  | { kind: 'sql'; statements: SqlStatement[] }
  | {
      kind: 'code';
      /**
       * Calls the author's function with the arguments that its format expects, and waits for everything that it started;
       * `queries` knows of the queries that it has sent.
       */
      call(queryInterface: unknown, sequelize: unknown, queries?: PendingQueries): Promise<void>;
      /** Where in its file an error came from that `call` threw; undefined if its stack does not show it. */
      placeOf?(error: unknown): SourcePosition | undefined;
    };

/** A migration that has been read (and, for code, imported) and can be run. */
export interface LoadedMigration extends MigrationFile {
  format: MigrationFormat;
  /** The text of the first comment, else the name as words. */
  description: string;
  up: MigrationBody;
  /** Absent if the file has no down migration. */
  down?: MigrationBody;
  /** False if the author opted out of the transaction for that direction. */
  transactional: { up: boolean; down: boolean };
  /** The author requires the transaction, so it never runs without one. */
  atomic?: boolean;
  /** What the history keeps of it; `sent` is known once it has run. */
  source?(sent?: SentStatements): StoredSource;
}
