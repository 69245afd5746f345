/** The programs of src, joined for the tests: see test/support/program.ts. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from '../bundle.ts';

const FOLDER = '.cache/programs';
/** Programs of tests that run modules of src. */
const OF_TESTS = { 'operator-process': 'test/cluster/operator-process.ts' };

/** Their folder, named by its content: another run can share it, and the compile cache stays valid. */
export async function joinedPrograms(): Promise<string> {
  if (process.env.TEST_PROGRAMS) return process.env.TEST_PROGRAMS;
  const fresh = join(FOLDER, `new-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  await bundle(fresh, OF_TESTS);
  const hash = createHash('sha256');
  for (const file of globSync('**/*.js', { cwd: fresh }).sort())
    hash.update(file).update(readFileSync(join(fresh, file)));
  const folder = resolve(FOLDER, hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) rmSync(fresh, { recursive: true });
  else renameSync(fresh, folder);
  return folder;
}
