import type { Dialect } from '../../core/model/dialect.ts';
import type { MigrationBody, MigrationFile, MigrationFormat } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';

/** One file of a migration: path relative to the folder, and text with LF line ends and without a byte order mark. */
export interface SourceFile {
  file: string;
  text: string;
  /** Content of a file of the same name with the suffix `.conf`, as Flyway's script configuration. */
  script?: string;
}

/** A piece of SQL and the line of the file that it starts on. */
export interface MigrationPiece {
  text: string;
  file: string;
  line: number;
}

/** One direction as a format finds it. `transaction` absent: the format cannot express it; the statements decide. */
export interface SqlSection {
  pieces: MigrationPiece[];
  transaction?: boolean;
  /**
   * BEGIN and COMMIT inside the file count, and it runs outside our transaction: `any` where the tool sends the file as
   * it is, `blocks` where each COMMIT has its BEGIN, as in a script for psql.
   */
  ownTransaction?: 'any' | 'blocks';
}

interface SqlSections {
  up: SqlSection;
  down?: SqlSection;
}

/** An SQL format: detected by the files' names and text; the first that matches reads them. */
export interface SqlFormat {
  format: MigrationFormat;
  detect(sources: readonly SourceFile[]): boolean;
  /** The directive to run outside a transaction; absent if the format has none. */
  optOut?: string;
  /** Throws ProblemError InvalidMigration with the place. */
  read(sources: readonly SourceFile[], dialect: Dialect): SqlSections;
}

/** The result of loading any format. */
export interface Bodies {
  format: MigrationFormat;
  description?: string;
  up: MigrationBody;
  down?: MigrationBody;
  transactional: { up: boolean; down: boolean };
  atomic?: boolean;
}

/** Throws ProblemError InvalidMigration that points at a line of a file. */
export function invalid(file: string, line: number, advice: string, column = 1): never {
  throw new ProblemError({
    reason: 'InvalidMigration',
    message: `${file}:${line}:${column}: ${advice}`,
    position: { file, line, column },
  });
}

export function mainFile(migration: Pick<MigrationFile, 'files' | 'revision'>): string {
  return migration.files[0] ?? migration.revision;
}
