/**
 * The room of backups: a folder (a volume) with whole backups, each beside its manifest. Knows names, manifests,
 * hashes and retention; how a database is dumped and restored is the database's. Imports core/model and the types
 * of database/port.ts.
 *
 * A backup is written in a partial folder of its own, fsynced, hashed and checked there; then the backup and, last,
 * its manifest are renamed to their names. What is listed is therefore whole, whenever the process was killed.
 */
import { chmod, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Database, DumpResult } from '../database/port.ts';
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
  /** Where the database stands. */
  revision: string;
  toolVersion: string;
  compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
  /** Parallel connections, where the database's tool has them. */
  jobs?: number;
  /** PostgreSQL: only these schemas instead of the whole database. */
  schemas?: readonly string[];
  now: Date;
  onProgress?(doneBytes: number, totalBytes: number | undefined): void;
  /** What a person should know though it went well, in a sentence. */
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

/**
 * Takes a backup and proves that what was written is whole: fsynced, re-read, checked by the database's own means.
 * Throws ProblemError BackupFailed, NoSpace, ClientTooOld, Interrupted or InvalidConfiguration (a name in use);
 * nothing is left under a listed name then.
 */
export async function takeBackup(db: Database, folder: string, options: TakeOptions): Promise<Backup> {
  const root = resolve(folder);
  await prepareFolder(root);
  await cleanLeftovers(root);
  // A copy of a file needs at least its size; how far a dump compresses is not known before.
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

async function write(db: Database, root: string, stem: string, partial: string, options: TakeOptions): Promise<Backup> {
  const data = join(partial, 'data');
  const { compression, jobs, schemas, onProgress, onMessage, signal } = options;
  const dumped = await db.dump(data, { compression, jobs, schemas, onProgress, onMessage, signal });
  await makeDurable(data, dumped);
  // The two readings share the page cache, and the hash shares no processor with the database's own check.
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
  db: Database,
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

/** Readable by the group, so that a volume shared by group id can be read by the pod that restores it. */
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
      { reason: 'Interrupted', message: 'Asked to stop while the backup was written; what was written is removed.' },
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
