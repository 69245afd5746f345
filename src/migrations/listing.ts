import { readdir, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** Globs of paths relative to the folder, such as `archive/**`. */
export interface Globs {
  /** Where given, nothing else is read, and no rule about folders holds. */
  include?: readonly string[];
  exclude?: readonly string[];
}

/**
 * Every file below a folder that is not hidden, as paths relative to it with `/`, sorted. Follows symbolic links (a
 * mounted ConfigMap consists of them) but never in a circle. Throws the error of the file system.
 */
export async function listFiles(folder: string, { include, exclude = [] }: Globs = {}): Promise<string[]> {
  const found: string[] = [];
  await walk(folder, '', new Set([await realpath(folder)]), found);
  const any = (globs: readonly string[], path: string) => globs.some((glob) => matches(path, glob));
  const wanted = found.filter((path) => (include === undefined || any(include, path)) && !any(exclude, path));
  return wanted.sort();
}

/** `archive` and `archive/` match everything in that folder. */
function matches(path: string, glob: string): boolean {
  const pattern = glob.replace(/^\.\//, '').replace(/\/+$/, '');
  return posix.matchesGlob(path, pattern) || posix.matchesGlob(path, `${pattern}/**`);
}

async function walk(folder: string, below: string, seen: ReadonlySet<string>, found: string[]): Promise<void> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  for (const entry of entries) {
    if (isHidden(entry.name)) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? await stat(join(folder, path)).catch(() => undefined) : entry;
    // A broken link is kept: reading it fails with the reason.
    if (kind === undefined || kind.isFile()) {
      found.push(path);
    } else if (kind.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) {
      const real = await realpath(join(folder, path));
      if (!seen.has(real)) await walk(folder, path, new Set([...seen, real]), found);
    }
  }
}

const SKIPPED_FOLDERS = new Set(['node_modules', '__tests__', '__mocks__', '__fixtures__', '__pycache__']);

/** Dotfiles (also the `..data` folders of a ConfigMap), and `_shared.ts`: helpers that migrations import. */
function isHidden(name: string): boolean {
  return (name.startsWith('.') || name.startsWith('_')) && name !== '__init__.py';
}
