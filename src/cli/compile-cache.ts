/**
 * What V8 compiles is kept for the next command: 0.015 s of 0.15 s of processor time for one that has nothing to do, 0.1 s
 * of 2 s for a run with a rehearsal.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { ownCacheFolder } from '../database/cache-folder.ts';

/**
 * In the cache folder of the user. Node's own variables come first: `NODE_COMPILE_CACHE` is another folder, and
 * `NODE_DISABLE_COMPILE_CACHE=1` turns it off. With a coverage report, the lines of cached functions would be wrong.
 */
export async function keepCompiledCode(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE || env.NODE_V8_COVERAGE) return;
  const folder = await ownCacheFolder();
  if (folder !== undefined) enableCompileCache(join(folder, 'code'));
}
