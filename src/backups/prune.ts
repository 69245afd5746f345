import type { Backup } from '../core/model/backup.ts';
import type { Database, KeptDatabase } from '../database/port.ts';
import { newestFirst } from './names.ts';
import { openStore } from './open-store.ts';

export interface Retention {
  /** Number of newest backups to keep. */
  last: number;
  /** Keep all backups that are younger than this number of days; 0 keeps none because of its age. */
  days: number;
}

interface PruneOptions extends Retention {
  /** Only backups of this database are considered. */
  databaseId: string;
  now: Date;
  /** Report what would be removed, and remove nothing. */
  dryRun?: boolean;
  /** Called for each expired backup that could not be deleted, with a sentence. */
  onKept?(message: string): void;
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
 * not complete backups of this database are left alone and do not count, and neither do those under a retention lock.
 */
export async function pruneBackups(place: string, options: PruneOptions): Promise<Backup[]> {
  const store = await openStore(place);
  const { backups } = await store.list();
  const old = expired(backups, options);
  if (options.dryRun) return old;
  const removed: Backup[] = [];
  for (const backup of old) {
    const kept = await store.remove(backup);
    if (kept === undefined) removed.push(backup);
    else options.onKept?.(kept);
  }
  await store.cleanLeftovers(options.databaseId);
  return removed;
}

/** Drops databases that restores replaced and kept, if they are older than `days`; returns the dropped ones. */
export async function pruneKept(
  db: Pick<Database, 'keptDatabases' | 'dropKept'>,
  { days, dryRun, now }: Pick<PruneOptions, 'days' | 'dryRun' | 'now'>,
): Promise<KeptDatabase[]> {
  const old = (await db.keptDatabases()).filter(
    ({ replacedAt }) => now.getTime() - Date.parse(replacedAt) >= days * DAY_MS,
  );
  if (!dryRun) for (const { name } of old) await db.dropKept(name);
  return old;
}
