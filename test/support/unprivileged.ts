import { execFileSync } from 'node:child_process';
import { chown } from 'node:fs/promises';

export interface Owner {
  uid?: number;
  gid?: number;
}

/**
 * The user of a server that refuses to run as root: this process' own user if that is not root, else the user
 * `postgres`, else `nobody`.
 */
export function unprivilegedOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // This machine has no such user; the next may exist.
    }
  }
  throw new Error('the tests run as root and there is no user "postgres" or "nobody" to run PostgreSQL as');
}

/** Gives a file to that user; nothing to do where it is this process's own. */
export async function chownTo(path: string, { uid, gid }: Owner): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
