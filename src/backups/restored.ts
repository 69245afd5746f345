/** Keeps with a backup what the last copy restored from it showed, so that a restore can report it before it starts. */
import type { Backup, RestoredCopy } from '../core/model/backup.ts';
import { readBackup } from './list.ts';
import { openStore, placeOf } from './open-store.ts';

/** Returns the backup with its new manifest. Throws ProblemError if the manifest cannot be written. */
export async function recordRestored({ path }: Pick<Backup, 'path'>, restored: RestoredCopy): Promise<Backup> {
  const store = await openStore(placeOf(path));
  try {
    const backup = await readBackup(path);
    const changed = { ...backup, manifest: { ...backup.manifest, restored } };
    await store.describe(changed);
    return changed;
  } catch (error) {
    throw store.problem(error);
  }
}

/** What a restore of this backup will not restore unchanged, as a sentence; undefined if nothing is known. */
export function describeRestored({ manifest: { name, restored } }: Pick<Backup, 'manifest'>): string | undefined {
  if (restored === undefined || restored.differences.length === 0) return undefined;
  const list = restored.differences.map((text) => text.replace(/\.$/, '')).join('; ');
  return `${name} was restored to a copy on ${restored.at} with these differences: ${list}.`;
}
