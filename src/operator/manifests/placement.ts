import { posix } from 'node:path';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { placeOfObjectStore } from '../../core/reconcile/backup-place.ts';
import type { Placement } from '../../core/reconcile/request.ts';
import { MOUNTS, VARIABLES } from '../names.ts';
import { BACKUPS_CA } from './backup-access.ts';

/** The paths in the pod of a run: the mount paths of `volumes.ts`, in the form of the request. */
export function podPlacement({ metadata, spec }: DatabaseMigration): Placement {
  const { postgres, sqlite } = spec.database;
  const migrationsFolder = folderOfMigrations(spec.migrations);
  return {
    urlVariable: VARIABLES.url,
    passwordVariable: VARIABLES.password,
    sqliteFile: sqlite === undefined ? '' : posix.join(MOUNTS.database, sqlite.path),
    migrationsFolder,
    // A relative path starts at the migrations folder, so that models can be next to it or inside it.
    modelsFolder: spec.models === undefined ? undefined : posix.resolve(migrationsFolder, spec.models.path),
    backupsFolder:
      spec.backup.objectStore === undefined
        ? posix.join(MOUNTS.backups, metadata.namespace ?? 'default', metadata.name)
        : placeOfObjectStore(spec.backup.objectStore, BACKUPS_CA),
    ...certificatePaths(postgres),
  };
}

/** Where `certificateFiles` mounts them. */
export function certificatePaths(postgres: DatabaseMigration['spec']['database']['postgres']) {
  const path = (name: string, source: unknown) =>
    source === undefined ? undefined : `${MOUNTS.files}/${name}/${name}.pem`;
  return {
    caFile: path('ca', postgres?.caFrom),
    certFile: path('cert', postgres?.certFrom),
    keyFile: path('key', postgres?.keyFrom),
  };
}

function folderOfMigrations({ image, volume, runnerImage }: DatabaseMigration['spec']['migrations']): string {
  if (runnerImage !== undefined) return runnerImage.path;
  return posix.join(MOUNTS.migrations, image?.path ?? volume?.path ?? '');
}
