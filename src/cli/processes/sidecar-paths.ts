import { join } from 'node:path';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import type { Placement } from '../../core/reconcile/request.ts';
import { podPlacement } from '../../operator/manifests/placement.ts';
import { MOUNTS } from '../../operator/names.ts';
import { claimFolders } from '../manifest.ts';

export interface SidecarPlaces {
  /** `claim=folder` pairs: the folder where this container mounts a claim. */
  volume?: readonly string[];
  migrations?: string;
  models?: string;
  /** The folder of this resource's backups. */
  backups?: string;
}

/**
 * Paths in the container of the sidecar: the same as in the pod of a Job, so that one manifest works for both, unless a
 * flag overrides them.
 */
export function sidecarPlacement(resource: DatabaseMigration, places: SidecarPlaces): Placement {
  const { metadata, spec } = resource;
  const inPod = podPlacement(resource);
  const folders = claimFolders(places.volume);
  const folderOf = (claim: string | undefined) => (claim === undefined ? undefined : folders.get(claim));
  const { sqlite } = spec.database;
  const source = folderOf(spec.migrations.volume?.claimName);
  const backups = folderOf(spec.backup.volume?.claimName);
  return {
    ...inPod,
    sqliteFile: sqlite === undefined ? '' : join(folderOf(sqlite.volume.claimName) ?? MOUNTS.database, sqlite.path),
    migrationsFolder:
      places.migrations ??
      (source === undefined ? inPod.migrationsFolder : join(source, spec.migrations.volume?.path ?? '')),
    modelsFolder: places.models ?? inPod.modelsFolder,
    backupsFolder:
      places.backups ??
      (backups === undefined ? inPod.backupsFolder : join(backups, metadata.namespace ?? 'default', metadata.name)),
  };
}
