import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Dialect } from '../core/model/dialect.ts';
import type { StoredSource } from '../core/model/history.ts';
import type { LoadedMigration, MigrationFile, SentStatements } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import { typeOfPackage } from '../loader/suffixes.ts';
import { checksumOf } from './checksum.ts';
import { describeMigration } from './describe.ts';
import { codeBodies } from './formats/code-bodies.ts';
import { isFlyway } from './formats/flyway.ts';
import { type Bodies, invalid, mainFile, type SourceFile } from './formats/format.ts';
import { sqlBodies } from './formats/sql-bodies.ts';
import { lineEndsOf, withLineEnds } from './line-ends.ts';
import { importMigration } from './module.ts';
import { suffixOf } from './names.ts';
import { contentsOf } from './read.ts';
import { encodeSource } from './stored/encode.ts';
import { importStored } from './stored/import.ts';

/**
 * Parses the SQL or imports the code of one migration. The result has the content that `file.checksum` was computed from.
 *
 * Throws ProblemError: InvalidMigration with the place; PlanChanged where the file is another one by now.
 */
export async function loadMigration(folder: string, file: MigrationFile, dialect: Dialect): Promise<LoadedMigration> {
  try {
    return await load(resolve(folder), file, dialect);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new ProblemError({ migration: file.revision, ...error.problem }, { cause: error.cause });
  }
}

/**
 * In the given order: the first that cannot be loaded is the one that is reported. SQL is read many files at once; code
 * may do something when it is imported, so it comes one after the other.
 */
export async function loadMigrations(
  folder: string,
  files: readonly MigrationFile[],
  dialect: Dialect,
): Promise<LoadedMigration[]> {
  const early = await loadSqlFiles(folder, files, dialect);
  const loaded: LoadedMigration[] = [];
  for (const [index, file] of files.entries()) {
    const result = early[index];
    if (result?.status === 'rejected') throw result.reason;
    loaded.push(result?.value ?? (await loadMigration(folder, file, dialect)));
  }
  return loaded;
}

/** The results for SQL files, many at once; undefined for code. */
export function loadSqlFiles(
  folder: string,
  files: readonly MigrationFile[],
  dialect: Dialect,
): Promise<(PromiseSettledResult<LoadedMigration> | undefined)[]> {
  const loadSql = async (file: MigrationFile) => {
    if (suffixOf(mainFile(file)) !== '.sql') return undefined;
    const [result] = await Promise.allSettled([loadMigration(folder, file, dialect)]);
    return result;
  };
  return Promise.all(files.map(loadSql));
}

async function load(folder: string, file: MigrationFile, dialect: Dialect): Promise<LoadedMigration> {
  const contents = await readUnchanged(folder, file);
  const written = file.files.map((name, index) => decode(name, contents[index]));
  const sources = await Promise.all(
    written.map(async ({ file, text }) => ({
      file,
      text: text.replaceAll('\r\n', '\n'),
      ...(isFlyway(file) ? { script: await readScript(folder, file) } : {}),
    })),
  );
  const ends = new Map(written.map(({ file, text }) => [file, lineEndsOf(text)]));
  const bodies = withLineEnds(await readBodies(folder, file, sources, dialect), ends);
  const { format, up, down, transactional, atomic } = bodies;
  const description = bodies.description ?? describeMigration(file.revision, sources[0]?.text ?? '', up.kind);
  return {
    ...file,
    format,
    description,
    up,
    down,
    transactional,
    ...(atomic === true ? { atomic } : {}),
    source: (sent) => storedSource(folder, file, contents, sent),
  };
}

/** The source that the history stores for a migration with these contents. */
export function storedSource(
  folder: string,
  file: MigrationFile,
  contents: readonly Uint8Array[],
  sent: SentStatements | undefined = file.stored?.sent,
): StoredSource {
  const main = mainFile(file);
  const type = /\.[jt]s$/i.test(main) ? (file.stored?.type ?? typeOfPackage(dirname(join(folder, main)))) : undefined;
  return encodeSource({ files: file.files, contents, type, sent: suffixOf(main) === '.sql' ? undefined : sent });
}

async function readBodies(
  folder: string,
  file: MigrationFile,
  sources: SourceFile[],
  dialect: Dialect,
): Promise<Bodies> {
  const main = mainFile(file);
  if (suffixOf(main) === '.sql') {
    const [up, down] = sources;
    if (up === undefined) throw new Error('a migration has a file');
    return sqlBodies([up, down], dialect);
  }
  if (file.stored !== undefined) {
    if (!file.stored.replayable) throw notReplayable(file);
    const { imported, path } = await importStored(folder, file.files, file.stored, file.checksum);
    return codeBodies(imported, main, path);
  }
  const imported = await importMigration(folder, main, file.checksum);
  // Node reads the file once more to import it: what ran must be what was hashed.
  await readUnchanged(folder, file);
  return codeBodies(imported, main, resolve(folder, main));
}

function notReplayable({ revision }: MigrationFile): ProblemError {
  return new ProblemError({
    reason: 'MissingMigration',
    message: `${revision} is not in the migrations folder, and the text that the history keeps of it imports other files, so it cannot be run. Deploy the version that contains it, or restore a backup: db-manager list-backups`,
  });
}

async function readUnchanged(folder: string, file: MigrationFile): Promise<Buffer[]> {
  const contents = contentsOf(folder, file);
  if (checksumOf(contents) === file.checksum) return contents;
  throw new ProblemError({
    reason: 'PlanChanged',
    message: `${file.files.join(' and ')} changed on disk after the plan was made. It was not run. Run again to plan with the new content.`,
  });
}

async function readScript(folder: string, file: string): Promise<string | undefined> {
  return readFile(resolve(folder, `${file}.conf`), 'utf8').catch(() => undefined);
}

/** UTF-8 without byte order mark. */
function decode(file: string, content: Buffer | undefined): SourceFile {
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(content) };
  } catch {
    return invalid(file, 1, 'The file is not UTF-8 text. Save it as UTF-8.');
  }
}
