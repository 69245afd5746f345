/** Where files are kept that only make the next run faster: each can be deleted at any time. */
import { lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** `DB_MANAGER_CACHE`, else `db-manager` in the cache folder of the user. Undefined for a user without a home folder. */
function cacheFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { DB_MANAGER_CACHE: own, XDG_CACHE_HOME: shared } = env;
  if (own) return own;
  if (shared !== undefined && isAbsolute(shared)) return join(shared, 'db-manager');
  try {
    return join(homedir(), '.cache', 'db-manager');
  } catch {
    return undefined;
  }
}

/** The folder; created if it is missing. Undefined if there is none, or if other users may write to it. */
export async function ownCacheFolder(): Promise<string | undefined> {
  const path = cacheFolder();
  if (path === undefined) return undefined;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch {
    // A container with a read-only root file system has the folder or has none.
  }
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined || !stat.isDirectory()) return undefined;
  const self = process.getuid?.();
  const owned = self === undefined || stat.uid === self || stat.uid === 0;
  return owned && (stat.mode & 0o022) === 0 ? path : undefined;
}
