import { posix } from 'node:path';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import type { Placement } from '../../core/reconcile/request.ts';
import { MOUNTS, VARIABLES } from '../names.ts';

/** Where a run's pod finds everything: the mount paths of `volumes.ts`, in the request's words. */
export function podPlacement({ metadata, spec }: DatabaseMigration): Placement {
  const { postgres, sqlite } = spec.database;
  const migrationsFolder = folderOfMigrations(spec.migrations);
  return {
    urlVariable: VARIABLES.url,
    passwordVariable: VARIABLES.password,
    sqliteFile: sqlite === undefined ? '' : posix.join(MOUNTS.database, sqlite.path),
    migrationsFolder,
    // A relative path is meant from the migrations folder, so that models can lie beside or inside it.
    modelsFolder: spec.models === undefined ? undefined : posix.resolve(migrationsFolder, spec.models.path),
    backupsFolder: posix.join(MOUNTS.backups, metadata.namespace ?? 'default', metadata.name),
    caFile: postgres?.caFrom === undefined ? undefined : `${MOUNTS.files}/ca/ca.pem`,
    certFile: postgres?.certFrom === undefined ? undefined : `${MOUNTS.files}/cert/cert.pem`,
    keyFile: postgres?.keyFrom === undefined ? undefined : `${MOUNTS.files}/key/key.pem`,
  };
}

function folderOfMigrations({ image, volume, runnerImage }: DatabaseMigration['spec']['migrations']): string {
  if (runnerImage !== undefined) return runnerImage.path;
  return posix.join(MOUNTS.migrations, image?.path ?? volume?.path ?? '');
}
