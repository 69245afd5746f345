import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { garbageCollector } from './garbage.ts';

const BUFFER = 4 * 1024 * 1024;

interface HashOptions {
  onProgress?(doneBytes: number, totalBytes: number): void;
  signal?: AbortSignal;
}

export interface HashedBackup {
  sizeBytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/** Size and hash of a file. The next part is read while this one is hashed. */
export async function hashBackup(path: string, options: HashOptions = {}): Promise<HashedBackup> {
  const { size: totalBytes } = await stat(path);
  let done = 0;
  const count = (bytes: number) => {
    options.signal?.throwIfAborted();
    done += bytes;
    options.onProgress?.(done, totalBytes);
  };
  return { sizeBytes: totalBytes, sha256: await hashFile(path, count) };
}

/** Counts and hashes what passes through `count`. */
export function hashing(onProgress?: (doneBytes: number) => void) {
  const hash = createHash('sha256');
  const collect = garbageCollector();
  let sizeBytes = 0;
  return {
    async *count(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of source) {
        hash.update(piece);
        sizeBytes += piece.length;
        onProgress?.(sizeBytes);
        yield piece;
        collect(piece.length);
      }
    },
    /** After the last byte; only once. */
    result: (): HashedBackup => ({ sizeBytes, sha256: hash.digest('hex') }),
  };
}

async function hashFile(path: string, count: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    let current = Buffer.allocUnsafe(BUFFER);
    let other = Buffer.allocUnsafe(BUFFER);
    let { bytesRead } = await file.read(current, 0, BUFFER, null);
    while (bytesRead > 0) {
      const next = file.read(other, 0, BUFFER, null);
      hash.update(current.subarray(0, bytesRead));
      const got = await next;
      count(bytesRead);
      bytesRead = got.bytesRead;
      [current, other] = [other, current];
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
