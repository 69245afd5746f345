import { randomBytes } from 'node:crypto';
import type { Backup, BackupManifest } from '../../core/model/backup.ts';
import { baseName, displayPlace, type ObjectStorePlace, objectStoreUrl } from '../../core/model/backup-place.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { hashing } from '../hash.ts';
import {
  backupOf,
  dataNameOf,
  invalid,
  manifestText,
  noSuchBackup,
  parseManifest,
  withoutManifest,
} from '../manifest.ts';
import {
  backupNameOf,
  chosenStem,
  looksLikeBackup,
  manifestNameOf,
  nameOfManifest,
  newestFirst,
  PARTIAL_PREFIX,
  pageNameOf,
  reportNameOf,
  stemAt,
  stemOf,
} from '../names.ts';
import type { BackupList, BackupStore, Writing } from '../store.ts';
import { folderOf } from './keys.ts';
import { mark, sweep } from './marker.ts';
import { type Objects, openObjects } from './objects.ts';
import { storeProblem } from './problems.ts';

/** Manifests are read at the same time, because each one is a request. */
const READERS = 16;

/** Backups in a bucket: `<prefix>/<folder of the database>/<backup>` and its manifest, which is written last. */
export async function objectStore(place: ObjectStorePlace): Promise<BackupStore> {
  const objects = await openObjects(place);
  const display = displayPlace(objectStoreUrl(place));
  const url = (key: string) => objectStoreUrl(place, key);
  const keyOf = (path: string) => keyBelow(path, place);
  return {
    display,
    async check() {
      // Always the same name: a killed check leaves one at most.
      const key = '.db-manager-probe';
      await objects.put(key, '');
      await objects.delete(key);
      return 'writable';
    },
    list: () => listAll(objects, url),
    read: async (path) => readKey(objects, keyOf(path), url),
    content: ({ path }, { signal } = {}) => objects.stream(keyOf(path), signal),
    async begin({ database, name, now, expectedBytes, signal }) {
      const folder = folderOf(database.id);
      await sweep(objects, folder);
      // Not every server refuses a second object under one name.
      const stem = name === undefined ? `${stemAt(now)}_${randomBytes(3).toString('hex')}` : chosenStem(name);
      const used = name === undefined ? [] : await objects.list(`${folder}/${stem}.`);
      if (used.length > 0) {
        throw new ProblemError({
          reason: 'InvalidConfiguration',
          message: `${display} already has a backup named ${stem}. Choose another name.`,
        });
      }
      return writingTo(objects, { folder, stem, url, expectedBytes, signal });
    },
    async replace(backup) {
      const key = keyOf(backup.path);
      const folder = key.slice(0, key.lastIndexOf('/'));
      await sweep(objects, folder);
      const stem = stemOf(backup.manifest.name);
      return writingTo(objects, { folder, stem, url, expectedBytes: backup.manifest.sizeBytes, replaced: key });
    },
    async describe({ path, manifest }) {
      await objects.put(`${folderOfKey(keyOf(path))}${manifestNameOf(manifest.name)}`, manifestText(manifest));
    },
    remove: (backup) => remove(objects, keyOf(backup.path), backup.manifest),
    async cleanLeftovers(databaseId) {
      await sweep(objects, folderOf(databaseId));
    },
    async keepReport({ path, manifest }, text, form) {
      const report = `${folderOfKey(keyOf(path))}${reportNameOf(manifest.name)}`;
      const key = form === 'json' ? report : pageNameOf(report);
      await objects.put(key, text);
      return url(key);
    },
    readReport: async ({ path, manifest }) => objects.text(`${folderOfKey(keyOf(path))}${reportNameOf(manifest.name)}`),
    problem: (error) => storeProblem(error, place),
  };
}

interface Target {
  folder: string;
  stem: string;
  url(key: string): string;
  expectedBytes: number;
  signal?: AbortSignal;
  /** Key of the data that is replaced. */
  replaced?: string;
}

async function writingTo(
  objects: Objects,
  { folder, stem, url, expectedBytes, signal, replaced }: Target,
): Promise<Writing> {
  const marker = await mark(objects, folder, stem);
  let written: string | undefined;
  let finished = false;
  return {
    stem,
    async write(name, source) {
      const hash = hashing();
      const key = `${folder}/${name}`;
      written = key;
      await objects.upload(key, hash.count(source), { expectedBytes, signal });
      const hashed = hash.result();
      const stored = await objects.head(key);
      if (stored?.sizeBytes !== hashed.sizeBytes) {
        throw invalid(`${name} has ${stored?.sizeBytes ?? 0} bytes in the object store, not ${hashed.sizeBytes}.`);
      }
      return hashed;
    },
    async finish(manifest) {
      signal?.throwIfAborted();
      const key = `${folder}/${dataNameOf(manifest)}`;
      await objects.put(`${folder}/${manifestNameOf(manifest.name)}`, manifestText(manifest));
      finished = true;
      if (replaced !== undefined && replaced !== key) await objects.delete(replaced);
      return { path: url(key), manifest };
    },
    async close() {
      // A server that cannot be reached now keeps the marker: the next run removes it and the data.
      try {
        if (!finished && written !== undefined) {
          for (const upload of await objects.unfinished(written)) await objects.abort(upload);
          await objects.delete(written);
        }
        await marker.remove();
      } catch {
        marker.stop();
      }
    },
  };
}

/** With its last slash. */
function folderOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

async function remove(objects: Objects, key: string, manifest: BackupManifest): Promise<string | undefined> {
  const folder = key.slice(0, key.lastIndexOf('/'));
  const { name } = manifest;
  const stored = await objects.head(key);
  if (stored?.legalHold) return `${name} was not deleted: a legal hold protects it.`;
  if (stored?.retainedUntil !== undefined && stored.retainedUntil > new Date()) {
    return `${name} was not deleted: object lock protects it until ${stored.retainedUntil.toISOString()}.`;
  }
  const marker = await mark(objects, folder, stemOf(name));
  try {
    const report = `${folder}/${reportNameOf(name)}`;
    for (const each of [`${folder}/${manifestNameOf(name)}`, key, report, pageNameOf(report)]) {
      await objects.delete(each);
    }
  } catch (error) {
    marker.stop();
    throw error;
  }
  await marker.remove();
  return undefined;
}

async function listAll(objects: Objects, url: (key: string) => string): Promise<BackupList> {
  const all = await objects.list('');
  const sizes = new Map(all.map(({ key, sizeBytes }) => [key, sizeBytes]));
  const list: BackupList = { backups: [], unreadable: [] };
  const names = new Set(sizes.keys());
  const keys = new Set(all.flatMap(({ key }) => backupKeys(key, names)));
  const waiting = [...keys].sort();
  const read = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      try {
        list.backups.push(await readKey(objects, key, url, sizes));
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        const { reason, message } = error.problem;
        if (reason === 'BackupInvalid') list.unreadable.push({ path: url(key), why: message });
        // Removed by a prune during this listing.
        else if (reason !== 'BackupNotFound') throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  list.backups.sort(newestFirst);
  list.unreadable.sort((a, b) => a.path.localeCompare(b.path));
  return list;
}

/** The key of the backup to which an object belongs; none for other objects, and for data that is being written. */
function backupKeys(key: string, all: ReadonlySet<string>): string[] {
  const at = key.lastIndexOf('/') + 1;
  const [folder, file] = [key.slice(0, at), key.slice(at)];
  const name = nameOfManifest(file);
  if (name !== undefined) return [folder + name];
  if (!looksLikeBackup(file)) return [];
  return all.has(folder + PARTIAL_PREFIX + stemOf(file)) ? [] : [key];
}

/** With the sizes of a listing, no request is needed for the data. */
async function readKey(
  objects: Objects,
  key: string,
  url: (key: string) => string,
  sizes?: Map<string, number>,
): Promise<Backup> {
  const folder = folderOfKey(key);
  const name = backupNameOf(key.slice(folder.length));
  const text = await objects.text(folder + manifestNameOf(name));
  const sizeOf = async (each: string) => sizes?.get(each) ?? (await objects.head(each))?.sizeBytes;
  if (text === undefined) {
    throw (await objects.head(folder + name)) === undefined ? noSuchBackup(url(key)) : withoutManifest(name);
  }
  const manifest = parseManifest(name, text);
  const data = folder + dataNameOf(manifest);
  return backupOf(url(data), manifest, await sizeOf(data));
}

function keyBelow(path: string, { prefix }: ObjectStorePlace): string {
  const key = decodeURIComponent(displayPlace(path).replace(/^s3:\/\/[^/]+\//, ''));
  if (prefix === '') return key;
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  throw noSuchBackup(baseName(path));
}
