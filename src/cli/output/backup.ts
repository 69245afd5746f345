import type { Backup } from '../../core/model/backup.ts';

/** The list of objects is for a restore. It may contain settings of the database, and those may contain a secret. */
export function withoutObjects({ path, manifest: { catalogue, ...manifest } }: Backup): Backup {
  return { path, manifest };
}
