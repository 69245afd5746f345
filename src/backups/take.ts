/**
 * The backups module: places (a folder, an object store) with complete backups, each next to its manifest. It handles names,
 * manifests, hashes, encryption and retention; dumping and restoring a database is done by the database module. Imports
 * core/model and the types of database/port.ts.
 *
 * The manifest is published last. A listed backup is therefore complete, even after a kill at any time.
 */
import { chmod } from 'node:fs/promises';
import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { BackupTools, Driver, DumpResult, IntegrityCheck, Introspector } from '../database/port.ts';
import { syncFile } from './durable.ts';
import { type HashedBackup, hashBackup } from './hash.ts';
import { ENCRYPTED, EXTENSIONS } from './names.ts';
import { openStore } from './open-store.ts';
import type { BackupStore, Writing } from './store.ts';

export interface TakeOptions {
  /** Instead of `backup_YYYYMMDD_HHMMSS`. */
  name?: string;
  /** Revision of the database. */
  revision: string;
  toolVersion: string;
  compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
  /** SQLite: how the copy is checked. Default `full`. */
  integrityCheck?: IntegrityCheck;
  /** PostgreSQL: only these schemas instead of the whole database. */
  schemas?: readonly string[];
  /** Recipients of age (`age1…`) for which the backup is encrypted; none: it is not encrypted. */
  recipients?: readonly string[];
  /** PostgreSQL: how long to wait for a table that another session has locked. */
  lockTimeoutMs?: number;
  now: Date;
  onProgress?(doneBytes: number, totalBytes: number | undefined): void;
  /** What the user should know although the backup succeeded, as a sentence. */
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

/**
 * Takes a backup and checks that it was written completely. Throws ProblemError BackupFailed, NoSpace, ClientTooOld,
 * Interrupted, InvalidConfiguration (the name exists) or a reason of the place; nothing is then listed.
 */
export async function takeBackup(
  db: Driver & BackupTools & Pick<Introspector, 'sizeBytes'>,
  place: string,
  options: TakeOptions,
): Promise<Backup> {
  const { recipients = [], name, now, signal } = options;
  const store = await openStore(place);
  if (recipients.length > 0) (await import('./encryption/age.ts')).checkRecipients(recipients);
  let writing: Writing | undefined;
  try {
    // A copy of a file needs at least its size; how well a dump compresses is not known in advance.
    const expectedBytes = await db.sizeBytes();
    writing = await store.begin({
      database: db.identity,
      name,
      now,
      expectedBytes,
      atLeast: db.can.singleFile,
      signal,
    });
    const direct = writing.file !== undefined && recipients.length === 0;
    const written = direct ? await writeFile(db, writing.file ?? '', options) : await stream(db, writing, options);
    const file = writing.stem + EXTENSIONS[written.dumped.format] + (recipients.length > 0 ? ENCRYPTED : '');
    signal?.throwIfAborted();
    return await writing.finish(manifestOf(db, file, written, options));
  } catch (error) {
    throw asProblem(error, store);
  } finally {
    await writing?.close();
  }
}

interface Written {
  dumped: DumpResult;
  hashed: HashedBackup;
}

/** The database writes the file itself; it is synced, read again, hashed, and checked by the database's own tools. */
async function writeFile(db: BackupTools, file: string, options: TakeOptions): Promise<Written> {
  const { integrityCheck, signal } = options;
  const dumped = await db.dump(file, options);
  await makeDurable(file);
  // Both reads use the same page cache, and the hash does not compete with the database's own check for a processor.
  const check = db.checkDump(file, dumped.format, { integrityCheck, writtenBy: dumped.clientVersion, signal });
  const [hashed] = await Promise.all([hashBackup(file, { signal }), check]);
  return { dumped, hashed };
}

/** The dump is encrypted, hashed and stored while it is written. */
async function stream(db: BackupTools, writing: Writing, options: TakeOptions): Promise<Written> {
  const { recipients = [], ...asked } = options;
  let hashed: HashedBackup | undefined;
  const dumped = await db.dumpStream(async (source, format) => {
    const name = writing.stem + EXTENSIONS[format];
    if (recipients.length === 0) {
      hashed = await writing.write(name, source);
    } else {
      const { encrypt } = await import('./encryption/age.ts');
      hashed = await writing.write(name + ENCRYPTED, await encrypt(source, recipients));
    }
  }, asked);
  if (hashed === undefined) throw new Error('the database wrote no dump');
  return { dumped, hashed };
}

function manifestOf(
  db: Pick<Driver, 'dialect' | 'identity' | 'can'>,
  name: string,
  { dumped, hashed }: Written,
  { revision, toolVersion, integrityCheck, now, recipients = [] }: TakeOptions,
): BackupManifest {
  return {
    version: 1,
    name,
    dialect: db.dialect,
    format: dumped.format,
    ...(recipients.length === 0 ? {} : { encryption: { format: 'age', recipients: [...recipients] } }),
    database: db.identity,
    revision,
    toolVersion,
    clientVersion: dumped.clientVersion,
    takenAt: now.toISOString(),
    ...hashed,
    compression: dumped.compression,
    ...(db.can.singleFile && integrityCheck === 'quick' ? { integrityCheck } : {}),
    schemas: dumped.schemas,
    leftOut: dumped.leftOut,
    catalogue: dumped.catalogue,
  };
}

/** Readable by the group, so that a pod with the same group id can read the volume and restore the backup. */
async function makeDurable(file: string): Promise<void> {
  await chmod(file, 0o640);
  await syncFile(file);
}

function asProblem(error: unknown, store: BackupStore): unknown {
  if (error instanceof ProblemError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    const message = 'The backup was interrupted; its partial files are removed.';
    return new ProblemError({ reason: 'Interrupted', message }, { cause: error });
  }
  return store.problem(error);
}
