import { openStore, placeOf } from '../backups/open-store.ts';
import type { Backup } from '../core/model/backup.ts';
import type { RunReport } from '../core/model/report.ts';

/**
 * Writes the whole report to a file next to the backup of the run, because a status contains only counts. Returns its
 * path. Undefined without a backup, or if the file cannot be written: a report must not fail a run.
 */
export async function keepReport(backup: Backup | undefined, report: RunReport): Promise<string | undefined> {
  if (backup === undefined) return undefined;
  try {
    const store = await openStore(placeOf(backup.path));
    return await store.keepReport(backup, `${JSON.stringify(report, null, 2)}\n`);
  } catch {
    return undefined;
  }
}
