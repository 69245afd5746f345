import { z } from 'zod';

const dialect = z.enum(['postgres', 'sqlite']);

/** Every object of a database, as hashes. */
export const catalogueDigestSchema = z.object({
  version: z.literal(1),
  serverMajor: z.int(),
  /** By class of object: how many, and a hash over all of them. */
  classes: z.record(z.string(), z.object({ count: z.int(), sha256: z.string() })),
  /** The list of objects: JSON, gzip, base64. It does not contain the text of definitions. */
  objects: z.string(),
});

/** Which database this is, without any secret. */
const databaseIdentitySchema = z.object({
  dialect,
  /** For a person: `postgres://app@db:5432/trading` without password, or the file's path. */
  display: z.string(),
  /** Stable identity: PostgreSQL's system identifier and database name; the SQLite file's real path. */
  id: z.string().min(1),
  serverVersion: z.string(),
});

/**
 * The JSON file next to each backup. A backup without a readable manifest is not listed. Unknown fields are allowed, so
 * that a newer db-manager may add some.
 */
export const backupManifestSchema = z.object({
  version: z.literal(1),
  /** File name of the backup itself, next to the manifest. */
  name: z.string().regex(/^[^/\\\0]+$/),
  dialect,
  format: z.enum(['sqlite', 'pg_dump-custom']),
  /** The file of the data, if its name is another one: `rekey` writes new data under the old name of the backup. */
  file: z
    .string()
    .regex(/^[^/\\\0]+$/)
    .optional(),
  /** The data is encrypted for these recipients; absent if it is not encrypted. Size and hash are of the encrypted file. */
  encryption: z.object({ format: z.literal('age'), recipients: z.array(z.string()) }).optional(),
  /** The database of the backup; a restore into another one is refused unless it is requested. */
  database: databaseIdentitySchema,
  revision: z.string(),
  toolVersion: z.string(),
  /** The dumping program's version: `pg_dump (PostgreSQL) 15.18`, or SQLite's library version. */
  clientVersion: z.string(),
  /** ISO 8601 in UTC. */
  takenAt: z.iso.datetime(),
  sizeBytes: z.int().min(0),
  /** Hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  compression: z.enum(['none', 'gzip', 'zstd', 'lz4']),
  /** SQLite: `quick` if indexes were not compared with their tables; absent: they were. */
  integrityCheck: z.literal('quick').optional(),
  /** PostgreSQL: the only schemas in the backup; absent if it contains the whole database. */
  schemas: z.array(z.string()).optional(),
  /** The parts of the database that it does not contain, in sentences. */
  leftOut: z.array(z.string()).optional(),
  /** The objects of the database at the time of the backup; a restore compares its result with them. */
  catalogue: catalogueDigestSchema.optional(),
  /** What the last restore of the backup to a copy showed; absent if there was none. */
  restored: z
    .object({
      at: z.iso.datetime(),
      place: z.enum(['Private', 'SameServer', 'OtherServer', 'File']),
      /** What differs from the backup, as sentences; empty if everything was restored. */
      differences: z.array(z.string()),
    })
    .optional(),
});
