import type { BackupManifest } from '../core/model/backup.ts';
import type { CheckDumpOptions } from './port.ts';

/** Reads a backup with its database's own tools, without a database. Throws ProblemError BackupInvalid. */
export async function checkDump(
  path: string,
  format: BackupManifest['format'],
  options: CheckDumpOptions = {},
): Promise<void> {
  const { checkDump } = await READERS[format]();
  return checkDump(path, options);
}

const READERS = {
  sqlite: () => import('./sqlite/dump.ts'),
  'pg_dump-custom': () => import('./postgres/dump.ts'),
} satisfies Record<BackupManifest['format'], unknown>;
