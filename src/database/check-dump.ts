import type { BackupManifest } from '../core/model/backup.ts';

/** Reads a backup with its database's own tools, without a database. Throws ProblemError BackupInvalid. */
export async function checkDump(
  path: string,
  format: BackupManifest['format'],
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const { checkDump } = await READERS[format]();
  return checkDump(path, options);
}

const postgres = () => import('./postgres/dump.ts');

const READERS = {
  sqlite: () => import('./sqlite/dump.ts'),
  'pg_dump-custom': postgres,
  'pg_dump-directory': postgres,
} satisfies Record<BackupManifest['format'], unknown>;
