/** Two S3 servers of different make: versitygw (built with Go) and moto (Python). In the cache, fetched by `npm run setup`. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../processes.ts';
import { madeServerCache, serverCache } from './cache.ts';
import { cachedGoProgram, goProgram } from './go.ts';

const VERSITYGW = { name: 'versitygw', path: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.8.0' };
const MOTO = '5.2.5';
const MOTO_PACKAGES = [`moto[s3]==${MOTO}`, 'flask==3.1.3', 'flask-cors==6.0.5'];
const TIMEOUT_MS = 15 * 60_000;

export const OBJECT_STORES = ['versitygw', 'moto'] as const;
export type ObjectStoreName = (typeof OBJECT_STORES)[number];

/** The path of the program (versitygw) or of the Python packages (moto); undefined if it was not fetched. */
export function cachedObjectStore(name: ObjectStoreName): string | undefined {
  if (name === 'versitygw') return cachedGoProgram(VERSITYGW);
  const path = motoIn(serverCache());
  return existsSync(path) ? path : undefined;
}

/** Throws with the words of the registry's client. */
export async function fetchObjectStore(name: ObjectStoreName): Promise<void> {
  if (cachedObjectStore(name) !== undefined) return;
  if (name === 'versitygw') {
    if ((await goProgram(VERSITYGW)) === undefined) throw new Error('There is no Go to build versitygw with.');
    return;
  }
  const target = motoIn(madeServerCache());
  const work = `${target}.${process.pid}`;
  mkdirSync(work, { recursive: true, mode: 0o755 });
  try {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-warn-script-location'];
    const args = [...pip, '--only-binary=:all:', '--target', work, ...MOTO_PACKAGES];
    await mustRun('python3', args, { timeoutMs: TIMEOUT_MS });
    renameSync(work, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function motoIn(cache: string): string {
  return join(cache, `moto-${MOTO}`);
}
