/** What a pod needs to read and write backups: the place, the credentials and the certificate of an object store, the identity. */
import type { V1EnvVar } from '@kubernetes/client-node';
import type { EncryptionSpec, ObjectStoreSpec } from '../../core/model/resource-backup.ts';
import { BACKUP_IDENTITY_VARIABLES } from '../../core/model/run-variables.ts';
import { MOUNTS } from '../names.ts';

interface BackupAccess {
  objectStore?: ObjectStoreSpec;
  encryption?: EncryptionSpec;
}

/** The mount path of the certificate. */
export const BACKUPS_CA = `${MOUNTS.files}/backups-ca/backups-ca.pem`;

const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

/** The kubelet reads the Secrets; the operator never does. */
export function backupVariables({ objectStore, encryption }: BackupAccess): V1EnvVar[] {
  const secret = objectStore?.credentialsFrom?.secretRef.name;
  const identity = encryption?.identityFrom?.secretKeyRef;
  return [
    ...(secret === undefined
      ? []
      : [
          ...KEYS.map((key) => ({ name: key, valueFrom: { secretKeyRef: { name: secret, key } } })),
          {
            name: 'AWS_SESSION_TOKEN',
            valueFrom: { secretKeyRef: { name: secret, key: 'AWS_SESSION_TOKEN', optional: true } },
          },
        ]),
    ...(identity === undefined
      ? []
      : [{ name: BACKUP_IDENTITY_VARIABLES.text, valueFrom: { secretKeyRef: identity } }]),
  ];
}
