/** Statements that a program sent, as the safety rules read them. */
import type { Dialect } from '../../core/model/dialect.ts';
import type { ReadMigration } from '../../core/safety/action.ts';
import { positionIn, type ToolFile } from '../tool-files.ts';
import { ignoresIn, NO_IGNORES } from './code-ignores.ts';
import { loadParser } from './parser.ts';
import { ofCode } from './read.ts';

/** The statements of one migration in what a program sent. */
export interface SentPart {
  /** The revision, or the command where none is known. */
  revision: string;
  statements: readonly string[];
  /** All of them were sent inside a transaction. */
  transactional: boolean;
  /** The file of the revision, where it is known. */
  source?: ToolFile;
}

export async function readSent(parts: readonly SentPart[], dialect: Dialect): Promise<ReadMigration[]> {
  if (parts.length === 0) return [];
  const parse = await loadParser(dialect);
  return parts.map(({ revision, statements, transactional, source }) => {
    const places = statements.map((sql) => (source === undefined ? undefined : positionIn(source, sql)));
    const ignores = source === undefined ? NO_IGNORES : ignoresIn(source.text, source.file);
    return {
      revision,
      file: source?.file ?? revision,
      direction: 'up',
      statements: statements.map((sql, index) => ofCode({ sql, position: places[index] }, dialect, parse, ignores)),
      transactional,
      reversible: true,
      opaque: false,
      ignore: ignores.elsewhere(places),
    };
  });
}
