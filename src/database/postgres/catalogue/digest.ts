import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { CatalogueDigest } from '../../../core/model/backup.ts';
import { ProblemError } from '../../../core/model/problem.ts';
import type { DatabaseProperties } from './database.ts';
import type { CatalogueEntry } from './read.ts';

export interface Catalogue {
  serverMajor: number;
  entries: CatalogueEntry[];
  schemas?: readonly string[];
  largeObjects: boolean;
  /** Absent if the backup is of some schemas only. */
  properties?: DatabaseProperties;
}

type Packed = {
  entries: [CatalogueEntry['class'], string, string | null, CatalogueEntry['privileges'], string | null][];
} & Pick<Catalogue, 'properties' | 'schemas' | 'largeObjects'>;

/** For the manifest: a hash for each class of objects, and the list of objects in compressed form. */
export function packCatalogue({ serverMajor, entries, ...rest }: Catalogue): CatalogueDigest {
  const packed: Packed = {
    entries: entries.map(({ class: kind, name, owner, privileges, value }) => [kind, name, owner, privileges, value]),
    ...rest,
  };
  const classes: CatalogueDigest['classes'] = {};
  for (const kind of new Set(entries.map((entry) => entry.class))) {
    const of = packed.entries.filter(([name]) => name === kind);
    classes[kind] = { count: of.length, sha256: createHash('sha256').update(JSON.stringify(of)).digest('hex') };
  }
  return { version: 1, serverMajor, classes, objects: gzipSync(JSON.stringify(packed)).toString('base64') };
}

/** Throws ProblemError BackupInvalid if the list does not match its hashes. */
export function unpackCatalogue(digest: CatalogueDigest): Catalogue {
  try {
    const packed = JSON.parse(gunzipSync(Buffer.from(digest.objects, 'base64')).toString('utf8')) as Packed;
    const { entries: list, ...rest } = packed;
    const entries = list.map(([kind, name, owner, privileges, value]) => ({
      class: kind,
      name,
      owner,
      privileges,
      value,
    }));
    const { serverMajor } = digest;
    const { classes } = packCatalogue({ serverMajor, entries, ...rest });
    if (JSON.stringify(classes) === JSON.stringify(digest.classes)) {
      return { serverMajor, entries, ...rest };
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  throw new ProblemError({
    reason: 'BackupInvalid',
    message: 'The list of objects in the manifest was changed. Choose another backup: `db-manager list-backups`.',
  });
}
