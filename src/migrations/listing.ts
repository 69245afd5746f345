import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Every file below a folder that may be a migration, as paths relative to it with `/`, sorted. Follows symbolic links
 * (a mounted ConfigMap consists of them) but never in a circle. Throws the error of the file system.
 */
export async function listFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  await walk(folder, '', new Set([await realpath(folder)]), found);
  return found.sort();
}

async function walk(folder: string, below: string, seen: ReadonlySet<string>, found: string[]): Promise<void> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  for (const entry of entries) {
    if (isHidden(entry.name)) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? await linkKind(join(folder, path)) : entry;
    if (kind?.isFile()) {
      if (isCandidate(entry.name)) found.push(path);
    } else if (kind?.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) {
      const real = await realpath(join(folder, path));
      if (!seen.has(real)) await walk(folder, path, new Set([...seen, real]), found);
    }
  }
}

/** What a link leads to; undefined where it leads nowhere. */
async function linkKind(path: string) {
  return stat(path).catch(() => undefined);
}

const SKIPPED_FOLDERS = new Set(['node_modules', '__tests__', '__mocks__', '__fixtures__']);

/** Dotfiles (also the `..data` folders of a ConfigMap), and `_shared.ts`: helpers that migrations import. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_');
}

const MIGRATION = /\.(?:[cm]?[jt]s|sql)$/;
const NOT_A_MIGRATION = /(?:\.d\.[cm]?ts|[._-](?:test|spec)\.[cm]?[jt]s)$|^(?:index|readme)\./i;

/** Numbered files in a language that only their own tool can run: left out in silence they would be missed. */
const FOREIGN = /^\d+[_-].*\.(?:go|py|rb|php|kt|java|cs)$/;
const FOREIGN_TEST = /_test\.(?:go|py|rb)$/;

function isCandidate(name: string): boolean {
  return (MIGRATION.test(name) && !NOT_A_MIGRATION.test(name)) || isForeign(name);
}

export function isForeign(name: string): boolean {
  return FOREIGN.test(name) && !FOREIGN_TEST.test(name);
}
