import { join } from 'node:path';
import { withTemporaryFolder } from '../temporary-folder.ts';

/** The path of a file that does not exist yet, in a folder that only this user can read and that is removed afterwards. */
export async function withTemporaryFile<T>(name: string, use: (file: string) => Promise<T>): Promise<T> {
  return withTemporaryFolder('restore', (folder) => use(join(folder, name)));
}
