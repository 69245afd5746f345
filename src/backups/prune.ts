import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Backup } from '../core/model/backup.ts';
import { syncFolder } from './durable.ts';
import { cleanLeftovers, exists } from './leftovers.ts';
import { filesOf, listBackups } from './list.ts';
import { newestFirst } from './names.ts';

export interface Retention {
  /** Number of newest backups to keep. */
  last: number;
  /** Keep all backups that are younger than this number of days; 0 keeps none because of its age. */
  days: number;
}

export interface PruneOptions extends Retention {
  /** Only backups of this database are considered. */
  databaseId: string;
  now: Date;
  /** Report what would be removed, and remove nothing. */
  dryRun?: boolean;
}

const DAY_MS = 86_400_000;

/**
 * Which backups of one database may be deleted, oldest first: neither among the `last` newest nor younger than `days`.
 * The newest backup is never among them, regardless of the retention.
 */
export function expired(backups: Backup[], { last, days, databaseId, now }: PruneOptions): Backup[] {
  return backups
    .filter(({ manifest }) => manifest.database.id === databaseId)
    .sort(newestFirst)
    .slice(Math.max(1, last))
    .filter(({ manifest }) => days === 0 || now.getTime() - Date.parse(manifest.takenAt) >= days * DAY_MS)
    .reverse();
}

/**
 * Removes expired backups of one database and what crashed backups left; returns the removed backups. Files that are
 * not complete backups of this database are left alone and do not count.
 */
export async function pruneBackups(folder: string, options: PruneOptions): Promise<Backup[]> {
  const root = resolve(folder);
  if (!(await exists(root))) return [];
  const { backups } = await listBackups(root);
  const old = expired(backups, options);
  if (options.dryRun) return old;
  for (const backup of old) {
    // The manifest is deleted first: a crash in between leaves a file without a manifest, never a manifest without its file.
    for (const path of filesOf(backup)) await rm(path, { recursive: true, force: true });
  }
  if (old.length > 0) await syncFolder(root);
  await cleanLeftovers(root);
  return old;
}
