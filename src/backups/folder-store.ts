import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { bytesText } from '../core/model/bytes.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno, syncFolder, writeDurably } from './durable.ts';
import { checkFolder, folderProblem, prepareFolder } from './folder.ts';
import { hashBackup, hashing } from './hash.ts';
import { cleanLeftovers, exists, PARTIAL_MANIFEST } from './leftovers.ts';
import {
  backupOf,
  dataNameOf,
  invalid,
  manifestText,
  noSuchBackup,
  parseManifest,
  withoutManifest,
} from './manifest.ts';
import {
  backupNameOf,
  looksLikeBackup,
  manifestNameOf,
  nameOfManifest,
  newestFirst,
  pageNameOf,
  reportNameOf,
} from './names.ts';
import { reserve, reserveAgain } from './reserve.ts';
import type { BackupList, BackupStore, Writing } from './store.ts';
import { startWriting } from './writer.ts';

/**
 * Backups in a folder (a volume). A backup is written, fsynced and hashed in its own partial folder; then the data and,
 * last, the manifest are renamed to their final names.
 */
export function folderStore(folder: string): BackupStore {
  const root = resolve(folder);
  return {
    display: root,
    async check(neededBytes) {
      return `${bytesText(await checkFolder(root, neededBytes))} free`;
    },
    list: () => listFolder(root),
    read: readBackup,
    content: ({ path }, { signal } = {}) => createReadStream(path, { signal, highWaterMark: 1024 * 1024 }),
    localPath: ({ path }) => path,
    async begin({ expectedBytes, atLeast, ...options }) {
      await prepareFolder(root);
      await cleanLeftovers(root);
      if (atLeast) await checkFolder(root, expectedBytes);
      return writingTo(root, await reserve(root, options));
    },
    async replace(backup) {
      await cleanLeftovers(root);
      return writingTo(root, await reserveAgain(root, backup.manifest.name), backup);
    },
    async describe({ manifest }) {
      const { partial } = await reserveAgain(root, manifest.name);
      try {
        await writeDurably(join(partial, PARTIAL_MANIFEST), manifestText(manifest));
        await rename(join(partial, PARTIAL_MANIFEST), join(root, manifestNameOf(manifest.name)));
        await syncFolder(root);
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
    },
    async remove({ path, manifest }) {
      // A crash in between leaves a file without a manifest, never a manifest without its file.
      const report = join(root, reportNameOf(manifest.name));
      for (const each of [join(root, manifestNameOf(manifest.name)), path, report, pageNameOf(report)]) {
        await rm(each, { recursive: true, force: true });
      }
      await syncFolder(root);
      return undefined;
    },
    async cleanLeftovers() {
      if (await exists(root)) await cleanLeftovers(root);
    },
    async keepReport({ manifest }, text, form) {
      const report = join(root, reportNameOf(manifest.name));
      const path = form === 'json' ? report : pageNameOf(report);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    },
    async readReport({ manifest }) {
      return readFile(join(root, reportNameOf(manifest.name)), 'utf8').catch(() => undefined);
    },
    problem: (error) => asProblem(error, root),
  };
}

async function writingTo(
  root: string,
  { stem, partial }: { stem: string; partial: string },
  replaced?: Backup,
): Promise<Writing> {
  const stopWriting = await startWriting(partial);
  const data = join(partial, 'data');
  return {
    stem,
    file: data,
    async write(_name, source) {
      const hash = hashing();
      const file = await open(data, 'wx', 0o640);
      try {
        for await (const piece of hash.count(source)) await file.writeFile(piece);
        await file.sync();
      } finally {
        await file.close();
      }
      const hashed = hash.result();
      // Hash the file on the disk, not the bytes that were written.
      if ((await hashBackup(data)).sha256 !== hashed.sha256) throw invalid(`${stem} differs from what was written.`);
      return hashed;
    },
    async finish(manifest) {
      const { name } = manifest;
      await writeDurably(join(partial, PARTIAL_MANIFEST), manifestText(manifest));
      await syncFolder(partial);
      const path = join(root, dataNameOf(manifest));
      await rename(data, path);
      await rename(join(partial, PARTIAL_MANIFEST), join(root, manifestNameOf(name)));
      await syncFolder(root);
      if (replaced !== undefined && replaced.path !== path) await rm(replaced.path, { force: true });
      return { path, manifest };
    },
    async close() {
      stopWriting();
      await rm(partial, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function listFolder(root: string): Promise<BackupList> {
  const entries = await readdir(root).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw unreadableFolder(root, error);
  });
  const names = new Set([
    ...entries.flatMap((entry) => nameOfManifest(entry) ?? []),
    ...entries.filter(looksLikeBackup),
  ]);
  const list: BackupList = { backups: [], unreadable: [] };
  for (const name of [...names].sort()) {
    const path = join(root, name);
    try {
      list.backups.push(await readBackup(path));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      // Removed by a prune during this listing.
      if (error.problem.reason !== 'BackupNotFound') list.unreadable.push({ path, why: error.problem.message });
    }
  }
  list.backups.sort(newestFirst);
  return list;
}

/**
 * Reads the manifest next to a backup and checks that the file exists and has the recorded size; `verifyBackup`
 * checks the content. Throws ProblemError BackupNotFound or BackupInvalid.
 */
async function readBackup(path: string): Promise<Backup> {
  const absolute = resolve(path);
  const folder = dirname(absolute);
  const name = backupNameOf(basename(absolute));
  const manifest = await readManifest(folder, name, absolute);
  const data = join(folder, dataNameOf(manifest));
  return backupOf(data, manifest, await existingSize(data));
}

async function readManifest(folder: string, name: string, path: string): Promise<BackupManifest> {
  let text: string;
  try {
    text = await readFile(join(folder, manifestNameOf(name)), 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw invalid(`The manifest of ${name} cannot be read.`, error);
    throw (await existingSize(path)) === undefined ? noSuchBackup(path) : withoutManifest(name);
  }
  return parseManifest(name, text);
}

async function existingSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function unreadableFolder(root: string, cause: unknown): ProblemError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `The backup folder ${root} cannot be read: ${why}.`;
  return new ProblemError({ reason: 'BackupNotFound', message }, { cause });
}

function asProblem(error: unknown, root: string): unknown {
  const problem = folderProblem(error, root);
  if (problem !== error || !isErrno(error)) return problem;
  const message = `The backup could not be written to ${root}: ${error.message}.`;
  return new ProblemError({ reason: 'BackupFailed', message }, { cause: error });
}
