import type { Backup } from '../../core/model/backup.ts';
import { bytesText } from '../../core/model/bytes.ts';
import { ProblemError } from '../../core/model/problem.ts';
import {
  backupDatabase,
  listBackups as list,
  pruneBackups,
  restoreDatabase,
  verifyBackup as verify,
} from '../../library/backups.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { confirm } from '../output/confirm.ts';
import { print } from '../output/print.ts';
import { progressBar } from '../output/progress-bar.ts';
import { renderTable } from '../output/table.ts';

/** `backup [--name N]` */
export async function backup(options: Globals & { name?: string; schemas?: string[] }, io: Io): Promise<void> {
  const bar = progressBar(io, 'backup');
  const taken = await backupDatabase({ ...options, onProgress: bar.update }).finally(bar.stop);
  print(io, options, withoutObjects(taken), ({ path, manifest }) =>
    [
      path,
      `${bytesText(manifest.sizeBytes)}, at ${manifest.revision}, sha256 ${manifest.sha256}`,
      ...(manifest.leftOut ?? []),
    ].join('\n  '),
  );
}

/** The list of objects is for a restore. It may contain settings of the database, and those may contain a secret. */
function withoutObjects({ path, manifest: { catalogue, ...manifest } }: Backup): Backup {
  return { path, manifest };
}

/** `list-backups` */
export async function listBackups(options: Globals, io: Io): Promise<void> {
  const found = await list(options);
  print(io, options, { ...found, backups: found.backups.map(withoutObjects) }, ({ backups, unreadable }) => {
    if (backups.length === 0 && unreadable.length === 0) return 'There are no backups. Take one: db-manager backup';
    const rows = backups.map(({ manifest }) => [
      manifest.name,
      bytesText(manifest.sizeBytes),
      manifest.takenAt,
      manifest.revision,
      manifest.database.display,
    ]);
    const lines =
      rows.length === 0 ? [] : [renderTable(['NAME', 'SIZE', 'TAKEN AT', 'REVISION', 'DATABASE'], rows, io.columns)];
    return [...lines, ...unreadable.map(({ path, why }) => `not a backup: ${path}: ${why}`)].join('\n');
  });
}

/** `verify-backup <file>` */
export async function verifyBackup(options: Globals & { file: string }, io: Io): Promise<void> {
  print(
    io,
    options,
    withoutObjects(await verify(options)),
    ({ path, manifest }) => `${path} is complete (sha256 ${manifest.sha256}).`,
  );
}

interface Restoring extends Omit<Globals, 'databaseUrl'> {
  databaseUrl?: string;
  file: string;
  force?: boolean;
  into?: string;
  terminateSessions?: boolean;
}

/** `restore <file>`: asks first, because everything written after the backup is lost. */
export async function restore({ into, force, ...options }: Restoring, io: Io): Promise<void> {
  const databaseUrl = into ?? options.databaseUrl;
  await confirm(
    io,
    force === true,
    `Replace the content of the database with ${options.file}? Everything written since that backup is lost.`,
  );
  const bar = progressBar(io, 'restore');
  const done = await restoreDatabase({
    ...options,
    databaseUrl,
    into: into !== undefined,
    onProgress: (_, part, total) => bar.update(part, total),
    onMessage: (message) => {
      bar.stop();
      options.onMessage?.(message);
    },
  }).finally(bar.stop);
  const shown = {
    ...done,
    backup: withoutObjects(done.backup),
    ...(done.safetyBackup && { safetyBackup: withoutObjects(done.safetyBackup) }),
  };
  print(io, options, shown, ({ backup, safetyBackup, kept }) => {
    const safety = safetyBackup === undefined ? '' : `\nSafety backup of the previous content: ${safetyBackup.path}`;
    const old =
      kept === undefined ? '' : `\nThe previous database was kept as ${kept.name} (${bytesText(kept.sizeBytes)})`;
    return `${backup.manifest.name} restored; the database is at ${backup.manifest.revision}.${safety}${old}`;
  });
}

interface Pruning extends Globals {
  keepLast?: number;
  keepDays?: number;
  dryRun?: boolean;
}

/** `prune` */
export async function prune(options: Pruning, io: Io): Promise<void> {
  if (options.keepLast !== undefined && options.keepLast < 1)
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: '--keep-last must be at least 1: the newest backup is always kept.',
    });
  print(io, options, await pruneBackups({ ...options, last: options.keepLast, days: options.keepDays }), (gone) =>
    gone.length === 0
      ? 'No backup is old enough to be removed.'
      : `${gone.length} ${options.dryRun === true ? 'would be removed' : 'removed'}: ${gone.map(({ manifest }) => manifest.name).join(', ')}`,
  );
}
