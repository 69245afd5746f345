import type { z } from 'zod';
import type { backupManifestSchema, catalogueDigestSchema } from './backup-manifest.ts';

export type BackupManifest = z.infer<typeof backupManifestSchema>;
export type RestoredCopy = NonNullable<BackupManifest['restored']>;
export type CatalogueDigest = z.infer<typeof catalogueDigestSchema>;
export type DatabaseIdentity = BackupManifest['database'];

/** A complete backup. */
export interface Backup {
  /** Absolute path of the backup file, or its `s3://` URL. */
  path: string;
  manifest: BackupManifest;
}
