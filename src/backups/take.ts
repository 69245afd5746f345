/**
 * The backups module: a folder (a volume) with complete backups, each next to its manifest. It handles names, manifests,
 * hashes and retention; dumping and restoring a database is done by the database module. Imports core/model and the types
 * of database/port.ts.
 *
 * A backup is written, fsynced, hashed and checked in its own partial folder; then the backup and, last,
 * its manifest are renamed to their final names. A listed backup is therefore complete, even after a kill at any time.
 */
import { chmod, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { BackupTools, Driver, DumpResult, Introspector } from '../database/port.ts';
import { filesBelow, isErrno, syncFile, syncFolder, writeDurably } from './durable.ts';
import { checkFolder, folderProblem, prepareFolder } from './folder.ts';
import { type HashedBackup, hashBackup } from './hash.ts';
import { cleanLeftovers, PARTIAL_MANIFEST } from './leftovers.ts';
import { manifestText } from './manifest.ts';
import { EXTENSIONS, manifestNameOf } from './names.ts';
import { reserve } from './reserve.ts';
import { startWriting } from './writer.ts';

export interface TakeOptions {
  /** Instead of `backup_YYYYMMDD_HHMMSS`. */
  name?: string;
  /** Revision of the database. */
  revision: string;
  toolVersion: string;
  compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
  /** Number of parallel connections, if the database's tool supports them. */
  jobs?: number;
  /** PostgreSQL: only these schemas instead of the whole database. */
  schemas?: readonly string[];
  /** PostgreSQL: how long to wait for a table that another session has locked. */
  lockTimeoutMs?: number;
  now: Date;
  onProgress?(doneBytes: number, totalBytes: number | undefined): void;
  /** What the user should know although the backup succeeded, as a sentence. */
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

/**
 * Takes a backup and checks that it was written completely: fsynced, read again, checked by the database's own tools.
 * Throws ProblemError BackupFailed, NoSpace, ClientTooOld, Interrupted or InvalidConfiguration (the name exists);
 * no file then remains under a listed name.
 */
export async function takeBackup(
  db: Driver & BackupTools & Pick<Introspector, 'sizeBytes'>,
  folder: string,
  options: TakeOptions,
): Promise<Backup> {
  const root = resolve(folder);
  await prepareFolder(root);
  await cleanLeftovers(root);
  // A copy of a file needs at least its size; how well a dump compresses is not known in advance.
  if (db.can.singleFile) await checkFolder(root, await db.sizeBytes());
  const { stem, partial } = await reserve(root, options);
  try {
    const heartbeat = await startWriting(partial);
    try {
      return await write(db, root, stem, partial, options);
    } finally {
      heartbeat.stop();
    }
  } catch (error) {
    throw asProblem(error, root);
  } finally {
    await rm(partial, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function write(
  db: Driver & BackupTools,
  root: string,
  stem: string,
  partial: string,
  options: TakeOptions,
): Promise<Backup> {
  const data = join(partial, 'data');
  const { compression, jobs, schemas, lockTimeoutMs, onProgress, onMessage, signal } = options;
  const dumped = await db.dump(data, { compression, jobs, schemas, lockTimeoutMs, onProgress, onMessage, signal });
  await makeDurable(data, dumped);
  // Both reads use the same page cache, and the hash does not compete with the database's own check for a processor.
  const [hashed] = await Promise.all([hashBackup(data, { signal }), db.checkDump(data, dumped.format, { signal })]);

  const name = stem + EXTENSIONS[dumped.format];
  const manifest = manifestOf(db, name, dumped, hashed, options);
  await writeDurably(join(partial, PARTIAL_MANIFEST), manifestText(manifest), 0o640);
  await syncFolder(partial);
  signal?.throwIfAborted();
  await rename(data, join(root, name));
  await rename(join(partial, PARTIAL_MANIFEST), join(root, manifestNameOf(name)));
  await syncFolder(root);
  return { path: join(root, name), manifest };
}

function manifestOf(
  db: Pick<Driver, 'dialect' | 'identity'>,
  name: string,
  dumped: DumpResult,
  hashed: HashedBackup,
  { revision, toolVersion, now }: TakeOptions,
): BackupManifest {
  return {
    version: 1,
    name,
    dialect: db.dialect,
    format: dumped.format,
    database: db.identity,
    revision,
    toolVersion,
    clientVersion: dumped.clientVersion,
    takenAt: now.toISOString(),
    ...hashed,
    compression: dumped.compression,
    schemas: dumped.schemas,
    leftOut: dumped.leftOut,
    catalogue: dumped.catalogue,
  };
}

/** Readable by the group, so that a pod with the same group id can read the volume and restore the backup. */
async function makeDurable(data: string, { format }: DumpResult): Promise<void> {
  if (format !== 'pg_dump-directory') {
    await chmod(data, 0o640);
    return syncFile(data);
  }
  await chmod(data, 0o750);
  for (const name of await filesBelow(data)) {
    await chmod(join(data, name), 0o640);
    await syncFile(join(data, name));
  }
  await syncFolder(data);
}

function asProblem(error: unknown, root: string): unknown {
  if (error instanceof ProblemError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new ProblemError(
      { reason: 'Interrupted', message: 'The backup was interrupted; its partial files are removed.' },
      { cause: error },
    );
  }
  const problem = folderProblem(error, root);
  if (problem !== error || !isErrno(error)) return problem;
  return new ProblemError(
    { reason: 'BackupFailed', message: `The backup could not be written to ${root}: ${error.message}.` },
    { cause: error },
  );
}
