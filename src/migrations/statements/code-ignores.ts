import type { MigrationFile } from '../../core/model/migration.ts';
import type { SourcePosition } from '../../core/model/problem.ts';
import { readIgnores } from '../../core/safety/ignore.ts';
import { mainFile } from '../formats/format.ts';
import { contentsOf } from '../read.ts';
import { ownImports } from '../stored/own-imports.ts';

type Ignores = { rule: string; why: string }[];

/** `// db-manager:ignore <rule> <why>` in a migration's code. */
export interface CodeIgnores {
  /** Of the line itself and of the lines of comments right above it. */
  at(position: SourcePosition | undefined): Ignores;
  /** Those that are not next to any of these places: they apply to the whole migration. */
  elsewhere(positions: readonly (SourcePosition | undefined)[]): Ignores;
}

export const NO_IGNORES: CodeIgnores = { at: () => [], elsewhere: () => [] };

/** The directives in the text of a code migration. */
export interface CodeText {
  ignores: CodeIgnores;
  /** What it needs of other files of the project. */
  imports: readonly string[];
}

export const NO_CODE: CodeText = { ignores: NO_IGNORES, imports: [] };

/** Reads a file of code once. Throws ProblemError InvalidMigration where it cannot be read. */
export async function readCode(folder: string, migration: MigrationFile): Promise<CodeText> {
  const [content] = contentsOf(folder, migration);
  const text = String(content);
  const ignores = text.includes('db-manager:ignore') ? ignoresIn(text, mainFile(migration)) : NO_IGNORES;
  return { ignores, imports: ownImports(text) };
}

/** Of JavaScript, SQL, Python and Ruby. */
const COMMENT_LINE = /^\s*(?:\/\/|\/\*|\*|--|#)/;

/** The same of a text. Pure. */
export function ignoresIn(text: string, file: string): CodeIgnores {
  const lines = text.split(/\r\n|\n|\r/);
  const byLine = lines.map((line) => (line.includes('db-manager:ignore') ? readIgnores(asSqlComment(line)) : []));
  const linesFor = (position: SourcePosition | undefined): number[] => {
    if (position === undefined || position.file !== file) return [];
    const own = position.line - 1;
    const found = [own];
    for (let above = own - 1; above >= 0 && COMMENT_LINE.test(lines[above] ?? ''); above -= 1) found.push(above);
    return found;
  };
  return {
    at: (position) => linesFor(position).flatMap((line) => byLine[line] ?? []),
    elsewhere(positions) {
      const taken = new Set(positions.flatMap(linesFor));
      return byLine.flatMap((ignores, line) => (taken.has(line) ? [] : ignores));
    },
  };
}

/** The mark is read as in SQL; in code the comment begins with slashes or a number sign. */
function asSqlComment(line: string): string {
  return line.replace(/(?:\/\/|\/\*+|#|^\s*\*)(?=[ \t]*db-manager:)/, '--').replace(/\s*\*\/\s*$/, '');
}
