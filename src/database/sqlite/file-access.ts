/** Whether another program read a file, by the time of the last access that the file system keeps. */
import { open, stat, utimes } from 'node:fs/promises';
import type { ObservedEffects } from '../port.ts';

type FileAccess = ObservedEffects['file'];

/**
 * Begins to observe a database file that this process does not read until `ended` is called. `ended` returns undefined
 * if the file was read, or if the file system does not keep times of access (mounted with `noatime`).
 */
export async function observeAccess(path: string): Promise<{ ended(): Promise<FileAccess> }> {
  const before = await stat(path, { bigint: true });
  // Older than the last change: with `relatime`, the default of Linux, the next read sets it then. A file system that
  // refuses it answers `ended` below: a read that changes nothing is not known.
  await utimes(path, 1, Number(before.mtimeMs) / 1000).catch(() => {});
  const start = await stat(path, { bigint: true });
  return {
    async ended() {
      // An open file has the attributes of the server, also on NFS, which caches those of a path.
      const file = await open(path, 'r').catch(() => undefined);
      if (file === undefined) return 'Replaced';
      try {
        const now = await file.stat({ bigint: true });
        if (now.ino !== start.ino || now.dev !== start.dev) return 'Replaced';
        if (now.atimeNs !== start.atimeNs || now.mtimeNs !== start.mtimeNs || now.size !== start.size) return undefined;
        await file.read(Buffer.alloc(1), 0, 1, 0);
        const { atimeNs } = await file.stat({ bigint: true });
        return atimeNs === start.atimeNs ? undefined : 'NotRead';
      } finally {
        await file.close();
      }
    },
  };
}
