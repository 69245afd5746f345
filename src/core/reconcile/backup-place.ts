import { objectStoreUrl } from '../model/backup-place.ts';
import type { ObjectStoreSpec } from '../model/resource-backup.ts';

/** The place of backups in an object store as text, with the path at which the certificate is mounted. */
export function placeOfObjectStore(store: ObjectStoreSpec, caFile: string): string {
  const { bucket, prefix = '', endpoint, region, pathStyle, caFrom } = store;
  return objectStoreUrl({
    kind: 'objectStore',
    bucket,
    prefix,
    endpoint,
    region,
    pathStyle,
    ...(caFrom === undefined ? {} : { caFile }),
  });
}
