/** Scratch copies of SQLite: a file `.db-manager-scratch-<run>…` next to the database, marked and locked by its run. */

import { constants } from 'node:fs';
import { copyFile, readdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytesText } from '../../core/model/bytes.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { SqliteTarget } from '../../core/model/target.ts';
import type { OpenDatabase, Scratch, ScratchOptions, ScratchSource } from '../port.ts';
import { withFile } from './dump-connection.ts';
import { claimScratch, clearScratch, impossible, OWNER, prefixOf } from './scratch-files.ts';
import { takeOver } from './scratch-owner.ts';
import { copySchema } from './scratch-schema.ts';

/** Creates a scratch database and opens it. Throws ProblemError RehearsalImpossible if disk space or a permission is missing. */
export async function createScratch(
  { path, history }: Pick<SqliteTarget, 'path' | 'history'>,
  from: ScratchSource,
  options: ScratchOptions,
  open: OpenDatabase,
): Promise<Scratch> {
  const folder = options.folder ?? dirname(path);
  if (from.kind === 'backup') await refuseWithoutRoom(folder, from.backup.manifest.sizeBytes);
  const { file, ownership } = await claimScratch(folder, path, options.runId);
  try {
    await fill(file, path, from, options);
    const database = await open(
      { dialect: 'sqlite', path: file, history },
      {
        timeouts: { connect: 10_000, lock: 10_000, statement: 0, run: 0 },
        applicationName: `db-manager rehearsal ${options.runId}`,
        create: true,
        temporary: true,
      },
    );
    let dropped: Promise<void> | undefined;
    const drop = async () => {
      await database.close();
      await clearScratch(file);
      await ownership.release();
    };
    return {
      database,
      place: { kind: 'File' },
      notes: [],
      ...(from.kind === 'backup' ? { restored: [] } : {}),
      drop() {
        dropped ??= drop();
        return dropped;
      },
    };
  } catch (error) {
    await clearScratch(file);
    await ownership.release();
    throw impossible(error, folder);
  }
}

/** Removes scratch files of dead runs next to the database, or in `folder`; returns their names. */
export async function dropStaleScratches(path: string, folder = dirname(path)): Promise<string[]> {
  const prefix = prefixOf(path);
  const marks = (await readdir(folder).catch(() => [])).filter(
    (name) => name.startsWith(prefix) && name.endsWith(OWNER),
  );
  const dropped: string[] = [];
  for (const mark of marks) {
    const name = mark.slice(0, -OWNER.length);
    if (await takeOver(join(folder, mark), () => clearScratch(join(folder, name)))) dropped.push(name);
  }
  return dropped;
}

async function fill(file: string, path: string, from: ScratchSource, options: ScratchOptions): Promise<void> {
  switch (from.kind) {
    case 'backup': {
      const { path: source, manifest } = from.backup;
      if (manifest.format !== 'sqlite') {
        throw new ProblemError({ reason: 'BackupMismatch', message: `${manifest.name} is not a backup of SQLite.` });
      }
      options.onProgress?.(0, manifest.sizeBytes);
      // File systems that can share blocks copy instantly and use no extra disk space.
      await copyFile(source, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      options.onProgress?.(manifest.sizeBytes, manifest.sizeBytes);
      return;
    }
    case 'schema':
      return withFile(
        path,
        'read-write',
        (source) => withFile(file, 'create', (copy) => copySchema(source, copy)),
        10_000,
      );
    case 'empty':
      return withFile(file, 'create', (copy) => copy.exec('PRAGMA user_version = 0'));
  }
}

async function refuseWithoutRoom(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new ProblemError({
    reason: 'RehearsalImpossible',
    message: `A scratch copy needs ${bytesText(needed)}, but ${folder} has only ${bytesText(free)} free. Enlarge the volume, or delete old backups: \`db-manager prune\`.`,
  });
}
