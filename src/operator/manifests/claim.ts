import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { ANNOTATIONS, MANAGED_BY } from '../names.ts';

/** The claim for the backups of a resource, or undefined if it takes no backups. */
export function backupClaimName({ metadata, spec: { backup } }: DatabaseMigration): string | undefined {
  if (backup.mode === 'Disabled' || backup.volume === undefined) return undefined;
  return backup.volume.claimName ?? `${metadata.name.slice(0, 240)}-backups`;
}

/** The claim for backups, if one is requested. It has no owner, because backups outlive the resource. */
export function backupClaim(resource: DatabaseMigration): V1PersistentVolumeClaim | undefined {
  const { size, storageClassName } = resource.spec.backup.volume ?? {};
  const name = backupClaimName(resource);
  if (size === undefined || name === undefined) return undefined;
  const { namespace } = resource.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      labels: { ...MANAGED_BY },
      annotations: { [ANNOTATIONS.resource]: `${namespace}/${resource.metadata.name}` },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}
