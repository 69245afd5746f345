import type { Dialect } from './dialect.ts';

/** The JSON file next to each backup. A backup without a readable manifest is not listed. */
export interface BackupManifest {
  version: 1;
  /** File or folder name of the backup itself, next to the manifest. */
  name: string;
  dialect: Dialect;
  format: 'sqlite' | 'pg_dump-custom' | 'pg_dump-directory';
  /** The file of the data, if its name is another one: `rekey` writes new data under the old name of the backup. */
  file?: string;
  /** The data is encrypted for these recipients; absent if it is not encrypted. Size and hash are of the encrypted file. */
  encryption?: { format: 'age'; recipients: string[] };
  /** The database of the backup; a restore into another one is refused unless it is requested. */
  database: DatabaseIdentity;
  revision: string;
  toolVersion: string;
  /** The dumping program's version: `pg_dump (PostgreSQL) 15.18`, or SQLite's library version. */
  clientVersion: string;
  /** ISO 8601 in UTC. */
  takenAt: string;
  sizeBytes: number;
  /** Hex; for a directory, of its files' names and hashes in order of name. */
  sha256: string;
  compression: 'none' | 'gzip' | 'zstd' | 'lz4';
  /** PostgreSQL: the only schemas in the backup; absent if it contains the whole database. */
  schemas?: string[];
  /** The parts of the database that it does not contain, in sentences. */
  leftOut?: string[];
  /** The objects of the database at the time of the backup; a restore compares its result with them. */
  catalogue?: CatalogueDigest;
  /** The last copy that was restored from it; absent if there was none. */
  restored?: RestoredCopy;
}

/** What the restore of a backup to a copy showed. */
export interface RestoredCopy {
  /** ISO 8601 in UTC. */
  at: string;
  place: 'Private' | 'SameServer' | 'OtherServer' | 'File';
  /** What differs from the backup, as sentences; empty if everything was restored. */
  differences: string[];
}

/** Every object of a database, as hashes. */
export interface CatalogueDigest {
  version: 1;
  serverMajor: number;
  /** By class of object: how many, and a hash over all of them. */
  classes: Record<string, { count: number; sha256: string }>;
  /** The list of objects: JSON, gzip, base64. It does not contain the text of definitions. */
  objects: string;
}

/** Which database this is, without any secret. */
export interface DatabaseIdentity {
  dialect: Dialect;
  /** For a person: `postgres://app@db:5432/trading` without password, or the file's path. */
  display: string;
  /** Stable identity: PostgreSQL's system identifier and database name; the SQLite file's real path. */
  id: string;
  serverVersion: string;
}

/** A complete backup. */
export interface Backup {
  /** Absolute path of the backup file or folder, or its `s3://` URL. */
  path: string;
  manifest: BackupManifest;
}
