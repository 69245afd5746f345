import type { Dialect } from '../../core/model/dialect.ts';
import type { MigrationBody, MigrationFile, MigrationFormat } from '../../core/model/migration.ts';
import { misplaced } from '../../sql/split.ts';

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

/** The file of a migration, or that for up, and that for down. */
export type SourceFiles = readonly [up: SourceFile, down?: SourceFile];

/** An SQL format: detected by the files' names and text; the first that matches reads them. */
export interface SqlFormat {
  format: MigrationFormat;
  detect(sources: SourceFiles): boolean;
  /** The directive to run outside a transaction; absent if the format has none. */
  optOut?: string;
  /** Throws ProblemError InvalidMigration with the place. */
  read(sources: SourceFiles, dialect: Dialect): SqlSections;
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
  throw misplaced({ file, line, column }, advice);
}

/** A file that its tool sends as it is. */
export function asItIs({ file, text }: SourceFile): SqlSection {
  return { pieces: [{ file, text, line: 1 }], ownTransaction: 'any' };
}

export function mainFile(migration: Pick<MigrationFile, 'files' | 'revision'>): string {
  return migration.files[0] ?? migration.revision;
}
