import { z } from 'zod';
import { backup as backupOfMigration, encryption, objectStore } from '../core/model/resource-backup.ts';
import { database as databaseOfMigration } from '../core/model/resource-sources.ts';
import { conditionSchema } from '../core/model/resource-status.ts';
import { anything, cel, duration, exactlyOne, objectName } from '../core/model/schema-helpers.ts';

/** Parts that the kinds for backups share with each other and with DatabaseMigration. */
export const database = databaseOfMigration.meta(cel(exactlyOne('urlFrom', 'postgres', 'sqlite')));
export type TaskDatabase = z.infer<typeof database>;

const claim = z
  .strictObject({
    claimName: objectName.describe('An existing claim.'),
    path: z
      .string()
      .max(500)
      .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/)
      .optional()
      .describe('Folder inside the volume. Default: its root.'),
  })
  .describe('A volume for backups.');

export const source = {
  volume: claim.optional(),
  objectStore: objectStore.optional(),
  encryption: encryption.optional(),
};
export type BackupSource = z.infer<z.ZodObject<typeof source>> & { runner: z.infer<typeof runner>; timeout: string };

export const timeout = duration.default('2h').describe('Maximum duration of the Job.');
export const dump = {
  compression: backupOfMigration.unwrap().shape.compression,
  schemas: backupOfMigration.unwrap().shape.schemas,
};
export const retain = backupOfMigration.unwrap().shape.retain;

export const runner = z
  .strictObject({
    image: z.string().min(1).max(500).optional().describe("Runner image. Default: the operator's runner image."),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().describe('When to pull the runner image.'),
    resources: anything.optional().describe('Resource requests and limits of the container.'),
    nodeSelector: z.record(z.string(), z.string()).optional().describe('Node labels that the pod requires.'),
    serviceAccountName: objectName
      .optional()
      .describe('Service account of the pod, for its identity in a cloud. Its token is never mounted.'),
    ttlAfterFinished: duration.default('1h').describe('How long a finished Job is kept.'),
  })
  .prefault({})
  .describe('Pod template of the Job.');

const time = z.string().meta({ format: 'date-time' });

export const commonStatus = {
  observedGeneration: z.int().optional().describe('Generation of the spec that this status was computed from.'),
  conditions: z
    .array(conditionSchema)
    .optional()
    .describe('Ready, Reconciling, Stalled.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  summary: z.string().optional().describe('Short state, for `kubectl get`.'),
};

export const taskStatus = {
  ...commonStatus,
  database: z.string().optional().describe('The database, without any secret.'),
  job: z.string().optional().describe('Name of the Job.'),
  startedAt: time.optional().describe('When the Job was created.'),
  finishedAt: time.optional().describe('When it ended.'),
  duration: z.string().optional().describe('How long it took.'),
  reason: z.string().optional().describe('Reason of the result; docs/reference/reasons.md describes each.'),
  message: z.string().optional().describe('What happened.'),
};

export const backupStatus = z
  .object({
    name: z.string().describe('Name of the backup.'),
    path: z.string().describe('Path of the file in the pod, or its URL in the object store.'),
    sizeBytes: z.number().meta({ type: 'integer', format: 'int64' }).describe('Size in bytes.'),
    sha256: z.string().describe('SHA-256 of the file.'),
    takenAt: time.describe('When the backup was completed.'),
    revision: z.string().describe('Revision of the database in the backup.'),
    encrypted: z.boolean().describe('Whether the file is encrypted with age.'),
    verifiedBy: z
      .enum(['Checksum', 'Restore'])
      .optional()
      .describe('Checksum: the file was read again. Restore: it was restored into a scratch copy.'),
  })
  .describe('The backup.');
