/** krew's own validator of plugin manifests: built once from the Go module proxy into the cache. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findOnPath, mustRun } from '../processes.ts';

const MODULE = 'sigs.k8s.io/krew/cmd/validate-krew-manifest';
const VERSION = 'v0.4.3';

/** The program's path, or undefined where there is no Go to build it with. Throws when the build fails. */
export async function findKrewValidator(): Promise<string | undefined> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'db-manager');
  const folder = join(cache, `krew-${VERSION}`);
  const program = join(folder, 'validate-krew-manifest');
  if (existsSync(program)) return program;
  const go = findOnPath('go');
  if (go === undefined) return undefined;
  await mkdir(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' };
  await mustRun(go, ['install', `${MODULE}@${VERSION}`], { cwd: folder, env, timeoutMs: 10 * 60_000 });
  return program;
}
