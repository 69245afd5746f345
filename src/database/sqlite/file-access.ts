/** Whether another program read a file, by the time of the last access that the file system keeps. */
import { open, stat, utimes } from 'node:fs/promises';
import type { ObservedEffects } from '../port.ts';

type FileAccess = ObservedEffects['file'];

/**
 * Begins to observe a database file that this process does not read until `ended` is called. `ended` returns undefined
 * if the file was read, or if the file system keeps no times of access (mounted with `noatime`).
 */
export async function observeAccess(path: string): Promise<{ ended(): Promise<FileAccess> }> {
  const before = await stat(path, { bigint: true });
  // Older than the last change: with `relatime`, the default of Linux, the next read sets it then.
  await utimes(path, 1, Number(before.mtimeMs) / 1000);
  const start = await stat(path, { bigint: true });
  return {
    async ended() {
      const now = await stat(path, { bigint: true }).catch(() => undefined);
      if (now === undefined || now.ino !== start.ino || now.dev !== start.dev) return 'Replaced';
      if (now.atimeNs !== start.atimeNs || now.mtimeNs !== start.mtimeNs || now.size !== start.size) return undefined;
      await readByte(path);
      const probed = await stat(path, { bigint: true });
      return probed.atimeNs === start.atimeNs ? undefined : 'NotRead';
    },
  };
}

async function readByte(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.read(Buffer.alloc(1), 0, 1, 0);
  } finally {
    await file.close();
  }
}
