import { z } from 'zod';
import { specSchema } from './resource-spec.ts';
import { statusSchema } from './resource-status.ts';

export const GROUP = 'db-manager.dev';
export const VERSION = 'v1alpha1';
export const KIND = 'DatabaseMigration';
export const PLURAL = 'databasemigrations';
export const SHORT_NAME = 'dbm';
export const API_VERSION = `${GROUP}/${VERSION}` as const;

export const metadataSchema = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  generation: z.int().optional(),
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  finalizers: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** A `DatabaseMigration` as `kubectl apply` sends it and the API server returns it. */
export const databaseMigrationSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: metadataSchema,
  spec: specSchema,
  status: statusSchema.optional(),
});

export type DatabaseMigration = z.infer<typeof databaseMigrationSchema>;
export { type DatabaseMigrationSpec, specSchema } from './resource-spec.ts';
export { type Condition, type DatabaseMigrationStatus, statusSchema } from './resource-status.ts';
