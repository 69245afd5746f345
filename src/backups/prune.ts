import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Backup } from '../core/model/backup.ts';
import { syncFolder } from './durable.ts';
import { cleanLeftovers, exists } from './leftovers.ts';
import { filesOf, listBackups } from './list.ts';
import { newestFirst } from './names.ts';

export interface Retention {
  /** Keep at least so many of the newest. */
  last: number;
  /** Keep everything that is younger than so many days; 0 keeps nothing for its age. */
  days: number;
}

export interface PruneOptions extends Retention {
  /** Only backups of this database are looked at. */
  databaseId: string;
  now: Date;
  /** Say what would be removed and remove nothing. */
  dryRun?: boolean;
}

const DAY_MS = 86_400_000;

/**
 * Which backups of one database may go, oldest first: neither among the `last` newest nor younger than `days`. The
 * newest is never among them, whatever the retention says.
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
 * Removes expired backups of one database and what crashed backups left; returns the backups removed. Files that are
 * no whole backup of this database are left alone and do not count.
 */
export async function pruneBackups(folder: string, options: PruneOptions): Promise<Backup[]> {
  const root = resolve(folder);
  if (!(await exists(root))) return [];
  const { backups } = await listBackups(root);
  const old = expired(backups, options);
  if (options.dryRun) return old;
  for (const backup of old) {
    // The manifest goes first: a crash in between leaves a file without manifest, never a manifest without its file.
    for (const path of filesOf(backup)) await rm(path, { recursive: true, force: true });
  }
  if (old.length > 0) await syncFolder(root);
  await cleanLeftovers(root);
  return old;
}
