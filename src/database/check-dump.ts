import type { BackupManifest } from '../core/model/backup.ts';

/** Reads a backup with its database's own tools, without a database. Throws ProblemError BackupInvalid. */
export async function checkDump(
  path: string,
  format: BackupManifest['format'],
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const { checkDump } = format === 'sqlite' ? await import('./sqlite/dump.ts') : await import('./postgres/dump.ts');
  return checkDump(path, options);
}
