/** actionlint, which checks workflow files: built once from the Go module proxy into the cache. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findOnPath, mustRun } from '../processes.ts';

const MODULE = 'github.com/rhysd/actionlint/cmd/actionlint';
const VERSION = 'v1.7.12';

/** The program's path, or undefined where there is no Go to build it with. Throws when the build fails. */
export async function findActionlint(): Promise<string | undefined> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'db-manager');
  const folder = join(cache, `actionlint-${VERSION}`);
  const program = join(folder, 'actionlint');
  if (existsSync(program)) return program;
  const go = findOnPath('go');
  if (go === undefined) return undefined;
  await mkdir(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' };
  await mustRun(go, ['install', `${MODULE}@${VERSION}`], { cwd: folder, env, timeoutMs: 10 * 60_000 });
  return program;
}
