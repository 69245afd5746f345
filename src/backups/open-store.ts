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

/** The place of a backup: its folder, or the prefix of its database. */
export function placeOf(path: string): string {
  const [plain = '', query] = isObjectStore(path) ? path.split('?') : [path];
  const parent = plain.slice(0, Math.max(1, plain.lastIndexOf('/')));
  return query === undefined ? parent : `${parent}?${query}`;
}
