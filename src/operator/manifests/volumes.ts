import type { DatabaseMigration } from '../../core/model/resource.ts';
import { backupClaimName } from '../../operator/manifests/claim.ts';
import { MOUNTS } from '../names.ts';
import { loginFile } from './database-login.ts';
import type { MountedVolume } from './mounted-volume.ts';

/** The volumes of the pod of a run, each with its mount. Only volumes that the run writes to are writable. */
export function volumesOf(resource: DatabaseMigration): MountedVolume[] {
  const { database, migrations } = resource.spec;
  const { objectStore } = resource.spec.backup;
  return [
    { volume: { name: 'temporary', emptyDir: {} }, mount: { mountPath: MOUNTS.temporary } },
    ...(database.sqlite === undefined
      ? []
      : [claimVolume('database', database.sqlite.volume.claimName, MOUNTS.database, false)]),
    ...(migrations.command === undefined
      ? []
      : [{ volume: { name: 'command', emptyDir: {} }, mount: { mountPath: MOUNTS.command } }]),
    ...backups(resource),
    ...migrationFiles(migrations),
    ...loginFile(database),
    ...certificateFiles(database.postgres),
    ...secretFile('backups-ca', objectStore?.caFrom?.secretKeyRef, objectStore?.caFrom?.configMapKeyRef),
  ];
}

function backups(resource: DatabaseMigration): MountedVolume[] {
  const name = backupClaimName(resource);
  return name === undefined ? [] : [claimVolume('backups', name, MOUNTS.backups, false)];
}

function migrationFiles({ image, configMaps, volume }: DatabaseMigration['spec']['migrations']): MountedVolume[] {
  const mount = { mountPath: MOUNTS.migrations, readOnly: true };
  if (volume !== undefined) return [claimVolume('migrations', volume.claimName, MOUNTS.migrations, true)];
  if (image !== undefined) {
    const { reference, pullPolicy } = image;
    return [{ volume: { name: 'migrations', image: { reference, ...(pullPolicy && { pullPolicy }) } }, mount }];
  }
  if (configMaps === undefined) return [];
  const sources = configMaps.map(({ name }) => ({ configMap: { name } }));
  return [{ volume: { name: 'migrations', projected: { sources } }, mount }];
}

export function certificateFiles(postgres: DatabaseMigration['spec']['database']['postgres']): MountedVolume[] {
  const { caFrom, certFrom, keyFrom } = postgres ?? {};
  return [
    ...secretFile('ca', caFrom?.secretKeyRef, caFrom?.configMapKeyRef),
    ...secretFile('cert', certFrom?.secretKeyRef),
    ...secretFile('key', keyFrom?.secretKeyRef),
  ];
}

interface KeyRef {
  name: string;
  key: string;
}

export function secretFile(name: string, secret: KeyRef | undefined, configMap?: KeyRef): MountedVolume[] {
  const mount = { mountPath: `${MOUNTS.files}/${name}`, readOnly: true };
  const items = (key: string) => [{ key, path: `${name}.pem` }];
  if (secret !== undefined) {
    // Readable only by the group of the pod, as libpq requires for client keys.
    const source = { secretName: secret.name, items: items(secret.key), defaultMode: 0o440 };
    return [{ volume: { name, secret: source }, mount }];
  }
  if (configMap === undefined) return [];
  return [{ volume: { name, configMap: { name: configMap.name, items: items(configMap.key) } }, mount }];
}

export function claimVolume(name: string, claimName: string, mountPath: string, readOnly: boolean): MountedVolume {
  const source = readOnly ? { claimName, readOnly } : { claimName };
  return { volume: { name, persistentVolumeClaim: source }, mount: { mountPath, ...(readOnly ? { readOnly } : {}) } };
}
