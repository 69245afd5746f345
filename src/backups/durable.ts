import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Waits until the file's content is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits until the folder's entries (new names, renames) are on the disk; some network file systems do not support this. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await syncFile(path);
  } catch (error) {
    if (!isErrno(error, 'EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM')) throw error;
  }
}

/** Writes a new file, readable by the group, and waits for the disk. Throws EEXIST if the file exists. */
export function writeDurably(path: string, text: string): Promise<void> {
  return writeFile(path, text, { flag: 'wx', mode: 0o640, flush: true });
}

/** The files below a folder, relative and sorted by name. For a file: the file, under the name ''. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Whether this is an error of the operating system: any, or one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return codes.length === 0 ? 'syscall' in error : codes.includes(error.code);
}
