import { isObjectStore, parseBackupPlace } from '../core/model/backup-place.ts';
import type { BackupStore } from './store.ts';

/** Throws ProblemError InvalidConfiguration. The client of an object store is loaded only for one. */
export async function openStore(place: string): Promise<BackupStore> {
  const parsed = parseBackupPlace(place);
  if (parsed.kind === 'folder') {
    const { folderStore } = await import('./folder-store.ts');
    return folderStore(parsed.folder);
  }
  const { objectStore } = await import('./object-store/store.ts');
  return objectStore(parsed);
}

/** The place of a backup: its folder, or the prefix above the folder of its database. */
export function placeOf(path: string): string {
  if (!isObjectStore(path)) return parentOf(path);
  const [plain = '', query] = path.split('?');
  const [bucket = '', ...keys] = plain.slice('s3://'.length).split('/');
  const place = `s3://${[bucket, ...keys.slice(0, -2)].join('/')}`;
  return query === undefined ? place : `${place}?${query}`;
}

function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '.' : path.slice(0, Math.max(1, at));
}
