import { z } from 'zod';
import type { BackupManifest } from './backup.ts';

const dialect = z.enum(['postgres', 'sqlite']);

/** Reads a manifest. Unknown fields are allowed, so that a newer db-manager may add some. */
export const backupManifestSchema = z.object({
  version: z.literal(1),
  name: z.string().regex(/^[^/\\\0]+$/),
  dialect,
  format: z.enum(['sqlite', 'pg_dump-custom', 'pg_dump-directory']),
  file: z
    .string()
    .regex(/^[^/\\\0]+$/)
    .optional(),
  encryption: z.object({ format: z.literal('age'), recipients: z.array(z.string()) }).optional(),
  database: z.object({ dialect, display: z.string(), id: z.string().min(1), serverVersion: z.string() }),
  revision: z.string(),
  toolVersion: z.string(),
  clientVersion: z.string(),
  takenAt: z.iso.datetime(),
  sizeBytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  compression: z.enum(['none', 'gzip', 'zstd', 'lz4']),
  schemas: z.array(z.string()).optional(),
  leftOut: z.array(z.string()).optional(),
  catalogue: z
    .object({
      version: z.literal(1),
      serverMajor: z.int(),
      classes: z.record(z.string(), z.object({ count: z.int(), sha256: z.string() })),
      objects: z.string(),
    })
    .optional(),
  restored: z
    .object({
      at: z.iso.datetime(),
      place: z.enum(['Private', 'SameServer', 'OtherServer', 'File']),
      differences: z.array(z.string()),
    })
    .optional(),
}) satisfies z.ZodType<BackupManifest>;
