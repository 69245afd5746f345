import { realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';

const { cache } = createRequire(import.meta.url);

/**
 * Makes the next import read a CommonJS module again. Node keeps these by path, without the checksum in the address
 * that the import has: a process that lives long would run the old text of an edited migration.
 */
export async function forgetModule(path: string): Promise<void> {
  delete cache[await realpath(path)];
}
