import { writeFile } from 'node:fs/promises';
import { reportNameOf } from '../backups/names.ts';
import type { Backup } from '../core/model/backup.ts';
import type { RunReport } from '../core/model/report.ts';

/**
 * The whole of a report in a file beside the run's backup, where it is found when a status has only its counts; its
 * path. Undefined where there is no backup, or where the file cannot be written: a report is not worth a run.
 */
export async function keepReport(backup: Backup | undefined, report: RunReport): Promise<string | undefined> {
  if (backup === undefined) return undefined;
  const path = reportNameOf(backup.path);
  try {
    await writeFile(path, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
    return path;
  } catch {
    return undefined;
  }
}
