/**
 * Migration files: listing, hashing, parsing, importing, scaffolding. Imports core; knows files, not databases.
 * `read.ts` is the cheap half (names and hashes, for planning), `load.ts` the other (bodies, for running).
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { MigrationFile } from '../core/model/migration.ts';
import { type Problem, ProblemError } from '../core/model/problem.ts';
import { sortFiles } from '../core/planning/order.ts';
import { type Group, groupFiles } from './group.ts';

export type Read = { ok: true; files: MigrationFile[] } | { ok: false; problem: Problem };

/**
 * Lists the migrations of a folder, nested folders too, in their order, each with its checksum.
 * Problems: MigrationsNotFound, InvalidMigration (a name that is no revision), DuplicateMigration.
 */
export async function readMigrations(folder: string): Promise<Read> {
  try {
    const groups = groupFiles(await listFiles(folder));
    const files = await inParallel(groups, 32, (group) => hashGroup(folder, group));
    return { ok: true, files: sortFiles(files) };
  } catch (error) {
    if (error instanceof ProblemError) return { ok: false, problem: error.problem };
    throw error;
  }
}

/** Names only, in order, without reading a file: enough to say where a database stands. Throws ProblemError. */
export async function listRevisions(folder: string): Promise<MigrationFile['revision'][]> {
  const groups = groupFiles(await listFiles(folder));
  return sortFiles(groups.map(({ revision, files }) => ({ revision, files, checksum: '' }))).map(
    ({ revision }) => revision,
  );
}

/** A file's text as it is hashed and parsed: without a byte order mark, with LF line ends. */
export async function readNormalised(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  return (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).replace(/\r\n?/g, '\n');
}

export function checksumOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text);
  return `sha256:${hash.digest('hex')}`;
}

async function hashGroup(folder: string, { revision, files }: Group): Promise<MigrationFile> {
  const texts = await Promise.all(files.map((file) => readNormalised(join(folder, file))));
  return { revision, files, checksum: checksumOf(texts) };
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.replace(/\/+$/, '').length + 1))
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => !path.split('/').some((part) => part.startsWith('.') || part === 'node_modules'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOTDIR' ? 'is a file, not a folder' : code === 'EACCES' ? 'may not be read' : 'does not exist';
    throw new ProblemError({
      reason: 'MigrationsNotFound',
      message: `The migrations folder ${resolve(folder)} ${why}. Check the path in your configuration or manifest.`,
    });
  }
}

/** `map` with at most `limit` under way: ten thousand open files at once are more than a process may have. */
async function inParallel<In, Out>(
  items: readonly In[],
  limit: number,
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = new Array(items.length);
  let index = 0;
  const worker = async () => {
    while (index < items.length) {
      const mine = index++;
      results[mine] = await work(items[mine] as In);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
