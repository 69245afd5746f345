import { readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import type { Backup } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';
import { readBackup } from './manifest.ts';
import { looksLikeBackup, manifestNameOf, nameOfManifest, newestFirst, reportNameOf } from './names.ts';

export interface UnreadableBackup {
  path: string;
  /** In a sentence. */
  why: string;
}

export interface BackupList {
  /** Newest first. Present and of the right size; `verifyBackup` reads their content. */
  backups: Backup[];
  /** What bears a backup's name and is none: no manifest, an unreadable one, a file that is gone or truncated. */
  unreadable: UnreadableBackup[];
}

/** The backups of a folder, of whatever database; none where the folder does not exist. Throws ProblemError BackupNotFound. */
export async function listBackups(folder: string): Promise<BackupList> {
  const root = resolve(folder);
  const entries = await readdir(root).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw unreadableFolder(root, error);
  });
  const names = new Set([
    ...entries.flatMap((entry) => nameOfManifest(entry) ?? []),
    ...entries.filter(looksLikeBackup),
  ]);
  const list: BackupList = { backups: [], unreadable: [] };
  for (const name of [...names].sort()) {
    const path = join(root, name);
    try {
      list.backups.push(await readBackup(path));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      // Removed by a prune while this was listing.
      if (error.problem.reason !== 'BackupNotFound') list.unreadable.push({ path, why: error.problem.message });
    }
  }
  list.backups.sort(newestFirst);
  return list;
}

/**
 * The backup that a person means: a path, a name in the folder with or without extension, the start of one, or
 * `latest`. Throws ProblemError BackupNotFound, BackupInvalid or, where several begin so, InvalidConfiguration.
 */
export async function findBackup(folder: string, text: string): Promise<Backup> {
  const wanted = text.endsWith('.json') ? text.slice(0, -'.json'.length) : text;
  if (isAbsolute(wanted) || wanted.includes(sep)) return readBackup(wanted);
  const { backups, unreadable } = await listBackups(folder);
  if (wanted === 'latest' && backups[0] !== undefined) return backups[0];
  const all = [...backups.map(({ path }) => path), ...unreadable.map(({ path }) => path)];
  const nameOf = (path: string) => path.slice(path.lastIndexOf(sep) + 1);
  const exact = all.filter((path) => nameOf(path) === wanted || nameOf(path).replace(/\.\w+$/, '') === wanted);
  const candidates = exact.length > 0 ? exact : all.filter((path) => nameOf(path).startsWith(wanted));
  const [only, ...others] = candidates;
  if (only === undefined || wanted === '') {
    throw new ProblemError({
      reason: 'BackupNotFound',
      message: `There is no backup "${text}" in ${resolve(folder)}. \`db-manager list-backups\` lists them.`,
    });
  }
  if (others.length > 0) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `"${text}" may be any of ${candidates.map(nameOf).join(', ')}. Type more of the name.`,
    });
  }
  return readBackup(only);
}

/** The files that make up a backup, manifest first: what is listed no longer once the first is gone. */
export function filesOf({ path }: Backup): [manifest: string, data: string, report: string] {
  return [manifestNameOf(path), path, reportNameOf(path)];
}

function unreadableFolder(root: string, cause: unknown): ProblemError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ProblemError(
    { reason: 'BackupNotFound', message: `The backup folder ${root} cannot be read: ${why}.` },
    { cause },
  );
}
