import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withTemporaryFolder } from '../temporary-folder.ts';

/** The path of a file that does not exist yet, in a folder that only this user can read and that is removed afterwards. */
export async function withTemporaryFile<T>(name: string, use: (file: string) => Promise<T>): Promise<T> {
  return withTemporaryFolder('restore', (folder) => use(join(folder, name)));
}

/** The argument of pg_restore for a list of what to restore, which it reads from a file only. */
export function withList<T>(list: string, use: (argument: string) => Promise<T>): Promise<T> {
  return withTemporaryFile('list', async (file) => {
    await writeFile(file, list, { mode: 0o600 });
    return use(`--use-list=${file}`);
  });
}
