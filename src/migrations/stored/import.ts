import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { StoredFiles } from '../../core/model/migration.ts';
import { type Exports, importMigration } from '../module.ts';

/**
 * Imports a code migration from its stored text: it is written to a folder that only this user can read, imported, and
 * the folder is removed. The folder is next to the migrations if that is writable, so that packages are found as from
 * there. Throws ProblemError InvalidMigration.
 */
export async function importStored(
  folder: string,
  files: readonly string[],
  stored: StoredFiles,
  checksum: string,
): Promise<{ imported: Exports; path: string }> {
  const place = await privateFolder(dirname(resolve(folder)));
  try {
    if (stored.type !== undefined) await write(place, 'package.json', JSON.stringify({ type: stored.type }));
    for (const [index, file] of files.entries()) await write(place, file, stored.contents[index] ?? '');
    const [main = ''] = files;
    return { imported: await importMigration(place, main, checksum), path: join(place, main) };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function privateFolder(near: string): Promise<string> {
  const prefix = '.db-manager-stored-';
  return mkdtemp(join(near, prefix)).catch(() => mkdtemp(join(tmpdir(), prefix)));
}

async function write(folder: string, file: string, content: string | Uint8Array): Promise<void> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, content, { mode: 0o600 });
}
