import { z } from 'zod';
import { REASON_NAMES } from './reason.ts';
import { runRequestSchema } from './request.ts';

/** The environment variable with the request of a task pod, as JSON. */
export const TASK_REQUEST_VARIABLE = 'DB_MANAGER_TASK_REQUEST';

const verify = z.enum(['Checksum', 'Restore']);

/** What a Job of a DatabaseBackup or a DatabaseRestore does. It contains no secrets. */
export const taskRequestSchema = z.strictObject({
  version: z.literal(1),
  database: runRequestSchema.shape.database,
  /** A path, or the URL of an object store. */
  place: z.string(),
  recipients: z.array(z.string()).optional(),
  compression: z.enum(['auto', 'none', 'gzip', 'zstd', 'lz4']).optional(),
  schemas: z.array(z.string()).optional(),
  action: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('backup'),
      verify,
      retain: z.strictObject({ last: z.int(), days: z.int() }).optional(),
    }),
    z.strictObject({
      kind: z.literal('restore'),
      /** A name, a prefix of one, or `latest`. */
      backup: z.string().optional(),
      /** The newest backup that was taken at or before this time. */
      before: z.string().optional(),
      /** Allow a backup of another database. */
      into: z.boolean(),
      /** Must be the name of the database. */
      confirm: z.string(),
      terminateSessions: z.boolean(),
    }),
  ]),
});

export type TaskRequest = z.infer<typeof taskRequestSchema>;

/** The termination message of a task pod. */
export const taskReportSchema = z.object({
  version: z.literal(1),
  result: z.enum(['succeeded', 'failed']),
  reason: z.enum(REASON_NAMES),
  message: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  database: z.string().optional(),
  backup: z
    .object({
      name: z.string(),
      path: z.string(),
      sizeBytes: z.number(),
      sha256: z.string(),
      takenAt: z.string(),
      revision: z.string(),
      encrypted: z.boolean(),
      verifiedBy: verify.optional(),
    })
    .optional(),
  /** Backups that the retention deleted. */
  pruned: z.int().optional(),
  safetyBackup: z.string().optional(),
  /** Name of the database that the restore replaced and kept. */
  kept: z.string().optional(),
});

export type TaskReport = z.infer<typeof taskReportSchema>;
