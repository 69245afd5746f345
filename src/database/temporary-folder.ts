import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'db-manager-';
const OWNER = 'owner';

/**
 * A folder below the system's temporary folder that only this user can read, for the duration of `use`. A lock in it lives
 * as long as this process, also for other containers that share the folder, so leftovers of a killed run are detected:
 * the next run that creates a folder removes them.
 */
export async function withTemporaryFolder<T>(purpose: string, use: (folder: string) => Promise<T>): Promise<T> {
  await sweepTemporaryFolders();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${purpose}-`));
  const { own } = await import('./sqlite/scratch-owner.ts');
  const ownership = await own(join(folder, OWNER), purpose);
  try {
    return await use(folder);
  } finally {
    await ownership?.release();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Removes leftovers of dead runs, and nothing else; returns the removed names. Never throws. */
async function sweepTemporaryFolders(): Promise<string[]> {
  const names = await readdir(tmpdir()).catch(() => []);
  const removed: string[] = [];
  const { takeOver } = await import('./sqlite/scratch-owner.ts');
  for (const name of names.filter((name) => name.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const dead = await takeOver(join(folder, OWNER), async () => {}).catch(() => false);
    if (!dead) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    removed.push(name);
  }
  return removed;
}
