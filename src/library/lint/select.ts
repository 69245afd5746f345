import { stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';

/** A folder of migrations, and which of its files are requested. */
export interface RuleSelection {
  /** Absolute. */
  folder: string;
  /** Takes a path relative to the folder, with `/`. */
  wants(file: string): boolean;
}

/**
 * The meaning of the paths of `lint`. A file or folder inside the migrations folder selects that part of it. Any
 * other folder is itself a migrations folder, and any other file is in one. Throws ProblemError MigrationsNotFound.
 */
export async function select(paths: readonly string[], migrations: string, cwd: string): Promise<RuleSelection[]> {
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
      message: `The file or folder ${written} does not exist. Without paths, lint checks the migrations folder ${migrations}.`,
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
