/** Reasons of places for backups and of their encryption; the type is in `reason.ts`. */
export const BACKUP_REASONS = {
  BucketNotFound: {
    exit: 2,
    means: 'The bucket for backups does not exist.',
    help: 'Create the bucket, or correct the place of backups.',
  },
  ObjectStoreDenied: {
    exit: 1,
    means: 'The object store refused the credentials, or they lack a permission for the bucket.',
    help: 'Correct the access key, or grant the permissions in `docs/operations/object-storage.md`.',
  },
  CredentialsExpired: {
    exit: 1,
    means: 'The temporary credentials for the object store have expired.',
    help: 'Renew the credentials. The identity of a pod is renewed automatically.',
  },
  ClockSkewed: {
    exit: 1,
    means: 'The object store refused a signature, because the clock of this machine is wrong.',
    help: 'Set the clock of the machine.',
  },
  ObjectStoreBusy: {
    exit: 1,
    means: 'The object store refused every attempt because it is busy or limits requests.',
    help: 'Try again later. In Kubernetes the run is retried automatically.',
  },
  ObjectStoreUnreachable: {
    exit: 1,
    means: 'The object store cannot be reached, closes connections or fails.',
    help: 'Check endpoint, certificate and network. In Kubernetes the run is retried automatically.',
  },
  DecryptionFailed: {
    exit: 1,
    means: 'The backup is encrypted, and no identity was given or the identity is not one of its recipients.',
    help: 'Give the identity of a recipient: `--identity FILE`, or `spec.backup.encryption.identityFrom`.',
  },
} as const;
