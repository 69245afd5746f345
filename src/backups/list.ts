import { readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import type { Backup } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';
import { readBackup } from './manifest.ts';
import { looksLikeBackup, manifestNameOf, nameOfManifest, newestFirst, pageNameOf, reportNameOf } from './names.ts';

export interface UnreadableBackup {
  path: string;
  /** As a sentence. */
  why: string;
}

export interface BackupList {
  /** Newest first. They exist and have the expected size; `verifyBackup` reads their content. */
  backups: Backup[];
  /** Names that look like a backup but are not valid: the manifest is missing or unreadable, or a file is missing or truncated. */
  unreadable: UnreadableBackup[];
}

/** The backups in a folder, of any database; empty if the folder does not exist. Throws ProblemError BackupNotFound. */
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
      // Removed by a prune during this listing.
      if (error.problem.reason !== 'BackupNotFound') list.unreadable.push({ path, why: error.problem.message });
    }
  }
  list.backups.sort(newestFirst);
  return list;
}

/**
 * The backup that the user names: a path, a name in the folder with or without extension, a unique prefix, or
 * `latest`. Throws ProblemError BackupNotFound, BackupInvalid or, if the prefix is not unique, InvalidConfiguration.
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
      message: `${resolve(folder)} has no backup "${text}". To list the backups: \`db-manager list-backups\`.`,
    });
  }
  if (others.length > 0) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `"${text}" matches several backups: ${candidates.map(nameOf).join(', ')}. Use a longer prefix.`,
    });
  }
  return readBackup(only);
}

/** The files of a backup, manifest first: once the manifest is deleted, the backup is no longer listed. */
export function filesOf({ path }: Backup): [manifest: string, data: string, report: string, page: string] {
  return [manifestNameOf(path), path, reportNameOf(path), pageNameOf(reportNameOf(path))];
}

function unreadableFolder(root: string, cause: unknown): ProblemError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ProblemError(
    { reason: 'BackupNotFound', message: `The backup folder ${root} cannot be read: ${why}.` },
    { cause },
  );
}
