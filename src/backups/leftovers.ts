import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, syncFolder } from './durable.ts';
import { dataNameOf, readable } from './manifest.ts';
import { backupNameOf, ENCRYPTED, EXTENSIONS, manifestNameOf, PARTIAL_PREFIX } from './names.ts';
import { isBeingWritten } from './writer.ts';

/** The manifest's name inside a partial backup. */
export const PARTIAL_MANIFEST = 'manifest.json';

/**
 * Removes what crashed backups left in the folder, and returns the removed names. A complete backup that lacks only the
 * rename of its manifest is finished instead. A backup in progress and all other files are not touched.
 */
export async function cleanLeftovers(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(PARTIAL_PREFIX));
  const removed: string[] = [];
  for (const name of names) {
    const partial = join(folder, name);
    if (await isBeingWritten(partial)) continue;
    await finishRenamed(folder, partial, name.slice(PARTIAL_PREFIX.length));
    await removeReplaced(folder, name.slice(PARTIAL_PREFIX.length));
    await rm(partial, { recursive: true, force: true, maxRetries: 5 });
    removed.push(name);
  }
  return removed;
}

/** The data is renamed before its manifest; a crash between the two leaves a complete backup without a manifest. */
async function finishRenamed(folder: string, partial: string, stem: string): Promise<void> {
  const extensions = Object.values(EXTENSIONS).flatMap((extension) => [extension, extension + ENCRYPTED]);
  for (const extension of extensions) {
    const name = stem + extension;
    if (!(await exists(join(folder, name))) || (await exists(join(folder, manifestNameOf(name))))) continue;
    try {
      await rename(join(partial, PARTIAL_MANIFEST), join(folder, manifestNameOf(name)));
      await syncFolder(folder);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

/** A crash of `rekey` leaves the old or the new data next to the other: the manifest names the one that is valid. */
async function removeReplaced(folder: string, stem: string): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.startsWith(`${stem}.`) && file.endsWith(ENCRYPTED));
  for (const file of files) {
    const text = await readFile(join(folder, manifestNameOf(backupNameOf(file))), 'utf8').catch(() => '');
    const manifest = readable(text);
    if (manifest !== undefined && dataNameOf(manifest) !== file) await rm(join(folder, file));
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
