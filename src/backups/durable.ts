import { open, writeFile } from 'node:fs/promises';

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

/** Whether this is an error of the operating system: any, or one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return codes.length === 0 ? 'syscall' in error : codes.includes(error.code);
}
