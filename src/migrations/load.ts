import { join, resolve } from 'node:path';
import type { Dialect } from '../core/model/dialect.ts';
import type { LoadedMigration, MigrationBody, MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import { loadCode } from './formats/code.ts';
import { parseDbmate } from './formats/dbmate.ts';
import { leadingComment, type ParsedSql, type SqlFile } from './formats/format.ts';
import { parseGoose } from './formats/goose.ts';
import { parsePlain } from './formats/plain.ts';
import { readName } from './names.ts';
import { checksumOf, readNormalised } from './read.ts';
import { refuseStatements } from './sql/refuse.ts';

/**
 * Reads and parses (or imports) a migration so that it can be run. Throws ProblemError: InvalidMigration where the
 * file is wrong, PlanChanged where it is no longer the file that was planned.
 */
export async function loadMigration(folder: string, file: MigrationFile, dialect: Dialect): Promise<LoadedMigration> {
  const texts = await Promise.all(file.files.map((path) => readNormalised(join(folder, path))));
  if (checksumOf(texts) !== file.checksum) {
    throw new ProblemError({
      reason: 'PlanChanged',
      migration: file.revision,
      message: `${file.files[0]} was changed on disk after the plan was made. Nothing was run; run again.`,
    });
  }
  const [path = ''] = file.files;
  const text = texts[0] ?? '';
  const name = readName(path);
  const code = name.kind === 'migration' && name.family === 'code';
  const parsed = code
    ? await loadCode(resolve(folder, path), path, file.revision, file.checksum)
    : parseSql(path, text, file.files[1], texts[1], dialect);
  checkBody(parsed.up, dialect, parsed.transactional.up);
  checkBody(parsed.down, dialect, parsed.transactional.down);
  return { ...file, ...parsed, description: parsed.description ?? leadingComment(text) ?? inWords(file.revision) };
}

export async function loadMigrations(
  folder: string,
  files: readonly MigrationFile[],
  dialect: Dialect,
): Promise<LoadedMigration[]> {
  return Promise.all(files.map((file) => loadMigration(folder, file, dialect)));
}

/** The formats of SQL, by what stands in the file; the first that recognises it takes it. */
function parseSql(
  path: string,
  text: string,
  undoPath: string | undefined,
  undoText: string | undefined,
  dialect: Dialect,
): ParsedSql {
  const source: SqlFile = { file: path, text, dialect };
  const undo = undoPath === undefined ? undefined : { file: undoPath, text: undoText ?? '', dialect };
  const name = readName(path);
  const family = name.kind === 'migration' && name.family !== 'code' ? name.family : 'sql';
  if (family !== 'sql') return parsePlain(family, source, undo);
  return parseGoose(source) ?? parseDbmate(source) ?? parsePlain('sql', source, undo);
}

function checkBody(body: MigrationBody | undefined, dialect: Dialect, transactional: boolean): void {
  if (body?.kind === 'sql') refuseStatements(body.statements, dialect, transactional);
}

/** `20240601120000_add_orders` in words: `add orders`. */
function inWords(revision: string): string {
  return (
    revision
      .replace(/^V?[\d._-]+(?=[A-Za-z_])/, '')
      .replace(/[_-]+/g, ' ')
      .trim() || revision
  );
}
