import { isAbsolute, sep } from 'node:path';
import type { Backup } from '../core/model/backup.ts';
import { isObjectStore } from '../core/model/backup-place.ts';
import { ProblemError } from '../core/model/problem.ts';
import { stemOf } from './names.ts';
import { openStore, placeOf } from './open-store.ts';
import type { BackupList } from './store.ts';

export type { BackupList, UnreadableBackup } from './store.ts';

/** The backups in a place, of any database; empty if the folder does not exist. Throws ProblemError BackupNotFound. */
export async function listBackups(place: string): Promise<BackupList> {
  return (await openStore(place)).list();
}

/** The backup at a path or `s3://` URL. Throws ProblemError BackupNotFound or BackupInvalid. */
export async function readBackup(path: string): Promise<Backup> {
  return (await openStore(placeOf(path))).read(path);
}

/**
 * The backup that the user names: a path, a name in the place with or without extension, a unique prefix, or `latest`.
 * `databaseId` limits `latest` to one database. Throws ProblemError BackupNotFound, BackupInvalid or, if several match,
 * InvalidConfiguration.
 */
export async function findBackup(place: string, text: string, databaseId?: string): Promise<Backup> {
  const wanted = text.endsWith('.json') ? text.slice(0, -'.json'.length) : text;
  if (isObjectStore(wanted) || isAbsolute(wanted)) return readBackup(wanted);
  if (wanted.includes(sep) && !isObjectStore(place)) return readBackup(wanted);
  const store = await openStore(place);
  const { backups, unreadable } = await store.list();
  if (wanted === 'latest') {
    const newest = backups.find(({ manifest }) => databaseId === undefined || manifest.database.id === databaseId);
    if (newest !== undefined) return newest;
  }
  const all = [
    ...backups.map(({ path, manifest }) => ({ path, name: manifest.name })),
    ...unreadable.map(({ path }) => ({ path, name: lastPart(path) })),
  ];
  const exact = all.filter(({ name, path }) => [name, stemOf(name)].includes(wanted) || isBelow(path, wanted));
  const candidates = exact.length > 0 ? exact : all.filter(({ name }) => name.startsWith(wanted));
  const [only, ...others] = candidates;
  if (only === undefined || wanted === '') {
    throw new ProblemError({
      reason: 'BackupNotFound',
      message: `${store.display} has no backup "${text}". To list the backups: \`db-manager list-backups\`.`,
    });
  }
  if (others.length > 0) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `"${text}" matches several backups: ${candidates.map(({ name }) => name).join(', ')}. Use a longer prefix.`,
    });
  }
  return store.read(only.path);
}

/** `shop-1a2b/backup_20260601_120000.dump`: with the folder of the database, as `list-backups --json` prints it. */
function isBelow(path: string, wanted: string): boolean {
  return wanted.includes('/') && (path.split('?')[0] ?? '').endsWith(`/${wanted}`);
}

function lastPart(path: string): string {
  const plain = isObjectStore(path) ? (path.split('?')[0] ?? path) : path;
  return plain.slice(plain.lastIndexOf('/') + 1);
}
