import { createHash } from 'node:crypto';
import { PARTIAL_PREFIX } from '../names.ts';

/**
 * The folder of keys of one database: the last part of its identity, for people, and a hash of all of it. It contains
 * neither a host name nor a user.
 */
export function folderOf(databaseId: string): string {
  const last = databaseId.split(/[/\\]/).at(-1) ?? '';
  const readable = last.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40);
  return `${readable}-${createHash('sha256').update(databaseId).digest('hex').slice(0, 16)}`;
}

export const markerOf = (folder: string, stem: string) => `${folder}/${PARTIAL_PREFIX}${stem}`;

/** The stem of a marker's key; undefined for any other key. */
export function stemOfMarker(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name.startsWith(PARTIAL_PREFIX) ? name.slice(PARTIAL_PREFIX.length) : undefined;
}
