/** Two S3 servers of different make: versitygw (built with Go) and moto (Python). In the cache, fetched by `npm run setup`. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, mustRun } from '../processes.ts';
import { madeServerCache, serverCache } from './cache.ts';
import { cachedGo } from './go.ts';

const VERSITYGW = 'v1.8.0';
const MOTO = '5.2.5';
const MOTO_PACKAGES = [`moto[s3]==${MOTO}`, 'flask==3.1.3', 'flask-cors==6.0.5'];
const TIMEOUT_MS = 15 * 60_000;

export const OBJECT_STORES = ['versitygw', 'moto'] as const;
export type ObjectStoreName = (typeof OBJECT_STORES)[number];

/** The path of the program (versitygw) or of the Python packages (moto); undefined if it was not fetched. */
export function cachedObjectStore(name: ObjectStoreName): string | undefined {
  const path = pathOf(name, serverCache());
  return existsSync(path) ? path : undefined;
}

/** Throws with the words of the registry's client. */
export async function fetchObjectStore(name: ObjectStoreName): Promise<void> {
  if (cachedObjectStore(name) !== undefined) return;
  const target = pathOf(name, madeServerCache());
  const work = `${target}.${process.pid}`;
  mkdirSync(work, { recursive: true, mode: 0o755 });
  try {
    if (name === 'versitygw') {
      const go = findOnPath('go') ?? join(cachedGo() ?? '', 'go');
      const env = { ...process.env, GOBIN: work, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' };
      const module = `github.com/versity/versitygw/cmd/versitygw@${VERSITYGW}`;
      await mustRun(go, ['install', module], { cwd: work, env, timeoutMs: TIMEOUT_MS });
      renameSync(join(work, 'versitygw'), target);
    } else {
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-warn-script-location'];
      const args = [...pip, '--only-binary=:all:', '--target', work, ...MOTO_PACKAGES];
      await mustRun('python3', args, { timeoutMs: TIMEOUT_MS });
      renameSync(work, target);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function pathOf(name: ObjectStoreName, cache: string): string {
  return join(cache, name === 'versitygw' ? `versitygw-${VERSITYGW}` : `moto-${MOTO}`);
}
