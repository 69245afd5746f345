import type { Dialect } from '../../core/model/dialect.ts';
import type { MigrationBody, MigrationFormat, SqlStatement } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { splitSql } from '../sql/split.ts';

/** What a format makes of its file's text. */
export interface ParsedSql {
  format: MigrationFormat;
  up: MigrationBody;
  down?: MigrationBody;
  transactional: { up: boolean; down: boolean };
  description?: string;
}

export interface SqlFile {
  /** Path relative to the migrations folder, for messages. */
  file: string;
  text: string;
  dialect: Dialect;
}

/** A stretch of lines, from `line` (counted from 1), as statements. */
export function sectionBody(lines: readonly string[], line: number, { file, dialect }: SqlFile): MigrationBody {
  return sqlBody(splitSql(lines.join('\n'), dialect, { file, line }));
}

export function sqlBody(statements: SqlStatement[]): MigrationBody {
  return { kind: 'sql', statements };
}

/** The text of the comment at a file's start, without markers; undefined where there is none. */
export function leadingComment(text: string): string | undefined {
  const match = /^\s*(?:--[ \t]*(?!migrate:|\+goose)(\S.*)|\/\*\*?\s*([\s\S]*?)\s*\*\/|\/\/[ \t]*(\S.*))/.exec(text);
  const found = match?.[1] ?? match?.[2]?.replace(/\n\s*\*\s?/g, ' ') ?? match?.[3];
  return found === undefined ? undefined : found.trim().split('\n')[0]?.trim();
}

export function invalidMigration(file: string, line: number, message: string): ProblemError {
  return new ProblemError({
    reason: 'InvalidMigration',
    message: `${file}:${line}: ${message}`,
    position: { file, line, column: 1 },
  });
}
