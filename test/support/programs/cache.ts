/** Where programs that the tests need are kept between runs. Nothing in it is ever changed in place. */
import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** For root whose home only root can read: PostgreSQL runs as another user and must reach its own programs. */
const SYSTEM_CACHE = '/var/cache/db-manager';

/**
 * `$XDG_CACHE_HOME/db-manager`, by default `~/.cache/db-manager`. As root it is a folder that every user can reach:
 * `/var/cache/db-manager`, where the other is not.
 */
export function serverCache(env: NodeJS.ProcessEnv = process.env, uid = process.getuid?.()): string {
  const own = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'db-manager');
  return uid === 0 && !everyUserReaches(own) ? SYSTEM_CACHE : own;
}

/** As `serverCache`, and the folder exists. */
export function madeServerCache(): string {
  const folder = serverCache();
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

function everyUserReaches(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const mode = statSync(at, { throwIfNoEntry: false })?.mode;
    // What does not exist yet is made with mode 0755.
    if (mode !== undefined && (mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
