import { z } from 'zod';
import { fileSource, secretSource } from './resource-sources.ts';
import { cel, exactlyOne, objectName, QUANTITY, rule } from './schema-helpers.ts';

/** Where backups are and how they are encrypted: shared by every kind that takes or reads backups. */
export const objectStore = z
  .strictObject({
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .describe('Name of the bucket.'),
    prefix: z
      .string()
      .max(500)
      .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/)
      .optional()
      .describe('Prefix of all keys. Below it, each database has a folder of its own.'),
    endpoint: z
      .string()
      .max(500)
      .regex(/^https?:\/\/[^\s@]+$/)
      .optional()
      .describe('URL of an S3-compatible server. Default: AWS.'),
    region: z.string().min(1).max(64).optional().describe('Region of the bucket.'),
    pathStyle: z
      .boolean()
      .optional()
      .describe('The bucket is in the path of URLs. Default: true with an endpoint, else false.'),
    credentialsFrom: z
      .strictObject({
        secretRef: z
          .strictObject({ name: objectName.describe('Name of the Secret, in the namespace of this resource.') })
          .describe('A Secret in the namespace of this resource.'),
      })
      .optional()
      .describe(
        'A Secret with the keys AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and optionally AWS_SESSION_TOKEN. Default: the identity of the pod (runner.serviceAccountName).',
      ),
    caFrom: fileSource.optional().describe('PEM certificate of the authority that signed the server certificate.'),
  })
  .describe('An S3-compatible object store for backups.');

export const encryption = z
  .strictObject({
    recipients: z
      .array(
        z
          .string()
          .max(3000)
          .regex(/^age1[a-z0-9]+$/),
      )
      .min(1)
      .max(20)
      .describe('Public keys of age. Each identity of one of them can read the backup.'),
    identityFrom: secretSource
      .optional()
      .describe('Identity of age, needed only for a rehearsal on the data and for a restore.'),
  })
  .describe('Encryption of backups with age. Without it, backups are not encrypted.');

const volume = z
  .strictObject({
    claimName: objectName.optional().describe('An existing claim.'),
    size: z
      .string()
      .min(1)
      .max(20)
      .regex(QUANTITY)
      .optional()
      .describe('Create a claim of this size, for example 10Gi. It is kept when the resource is deleted.'),
    storageClassName: objectName.optional().describe('Storage class of the created claim.'),
  })
  .describe('The volume for backups.')
  .meta(
    cel(
      exactlyOne('claimName', 'size'),
      rule('!has(self.storageClassName) || has(self.size)', 'storageClassName requires size'),
    ),
  );

export type ObjectStoreSpec = z.infer<typeof objectStore>;
export type EncryptionSpec = z.infer<typeof encryption>;

export const backup = z
  .strictObject({
    mode: z
      .enum(['Enabled', 'Disabled'])
      .default('Enabled')
      .describe('Enabled: take a backup before anything is applied.'),
    volume: volume.optional(),
    objectStore: objectStore.optional(),
    encryption: encryption.optional(),
    compression: z
      .enum(['auto', 'none', 'gzip', 'zstd', 'lz4'])
      .default('auto')
      .describe('Compression of PostgreSQL dumps.'),
    schemas: z
      .array(z.string().min(1).max(63))
      .min(1)
      .max(50)
      .optional()
      .describe('PostgreSQL: back up only these schemas. Default: the whole database.'),
    retain: z
      .strictObject({
        last: z.int().min(1).max(1000).default(10).describe('Minimum number of backups to keep.'),
        days: z
          .int()
          .min(0)
          .max(3650)
          .default(30)
          .describe('Also keep backups younger than this number of days; 0 keeps only `last`.'),
      })
      .prefault({})
      .describe('Backups to keep when a successful run deletes old ones.'),
  })
  .prefault({})
  .describe('Backup taken before each run.')
  .meta(cel(rule('!has(self.volume) || !has(self.objectStore)', 'set volume or objectStore, not both')));
