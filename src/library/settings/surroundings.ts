import { existsSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Surroundings } from '../../core/model/connection/surroundings.ts';

/** The files and the user of this process; relative paths are relative to `folder`. */
export function surroundingsOf(env: Surroundings['env'], folder: string = process.cwd()): Surroundings {
  const place = (path: string) => resolve(folder, path);
  return {
    env,
    read(path) {
      try {
        return readFileSync(place(path), 'utf8');
      } catch {
        return undefined; // libpq ignores a file that it cannot read
      }
    },
    exists: (path) => path.length < 4_096 && !path.includes('\0') && existsSync(place(path)),
    isOpenToOthers: (path) => process.platform !== 'win32' && (statSync(place(path)).mode & 0o077) !== 0,
    userName() {
      try {
        return userInfo().username;
      } catch {
        return undefined; // a user id without an entry in /etc/passwd, usual in containers
      }
    },
  };
}
