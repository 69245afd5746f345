import { stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';

/** A folder of migrations, and which of its files are asked about. */
export interface Selection {
  /** Absolute. */
  folder: string;
  /** Takes a path relative to the folder, with `/`. */
  wants(file: string): boolean;
}

/**
 * What the paths of `lint` stand for. A file or folder inside the migrations folder asks about that part of it; any
 * other folder is one of migrations itself, and any other file lies in one. Throws ProblemError MigrationsNotFound.
 */
export async function select(paths: readonly string[], migrations: string, cwd: string): Promise<Selection[]> {
  if (paths.length === 0) return [{ folder: migrations, wants: () => true }];
  const parts = new Map<string, Set<string>>();
  for (const path of paths) {
    const { folder, part } = await place(resolve(cwd, path), path, migrations);
    parts.set(folder, (parts.get(folder) ?? new Set()).add(part));
  }
  return [...parts].map(([folder, wanted]) => ({
    folder,
    wants: (file) => [...wanted].some((part) => part === '' || file === part || file.startsWith(`${part}/`)),
  }));
}

async function place(path: string, written: string, migrations: string): Promise<{ folder: string; part: string }> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new ProblemError({
      reason: 'MigrationsNotFound',
      message: `There is no file or folder ${written}. Without paths lint reads the migrations folder, ${migrations}.`,
    });
  }
  const inside = relative(migrations, path);
  if (!inside.startsWith('..') && resolve(migrations, inside) === path) {
    return { folder: migrations, part: inside.split(sep).join('/') };
  }
  return found.isDirectory()
    ? { folder: path, part: '' }
    : { folder: dirname(path), part: path.slice(dirname(path).length + 1) };
}
