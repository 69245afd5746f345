import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CheckResult } from '../../core/model/finding.ts';
import type { SqliteConnection } from './connection.ts';
import { all } from './driver.ts';
import { sizeBytes } from './size.ts';

/** What could go wrong, read-only: rights on the folder, room for a rebuild, the journal mode. */
export async function checks({ path, connection }: SqliteConnection): Promise<CheckResult[]> {
  const folder = dirname(path);
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  const size = await sizeBytes(path);
  const room = await statfs(folder);
  const free = room.bavail * room.bsize;
  const [mode] = await all<{ journal_mode: string }>(connection, 'PRAGMA journal_mode');
  return [
    { name: 'database reachable', result: 'passed', message: `${path} answers` },
    writable
      ? { name: 'folder writable', result: 'passed', message: folder }
      : {
          name: 'folder writable',
          result: 'failed',
          message: `${folder} is not writable, so SQLite cannot keep its journal there`,
        },
    free > size
      ? { name: 'free space', result: 'passed', message: `${free} bytes free for a database of ${size}` }
      : {
          name: 'free space',
          result: 'warning',
          message: `${free} bytes free; a rebuild may need as much as the database has: ${size}`,
        },
    { name: 'journal mode', result: 'passed', message: mode?.journal_mode ?? 'unknown' },
  ];
}
