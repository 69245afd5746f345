/** The marker of a backup that is being written or deleted, and the removal of what dead writers left. */
import { randomUUID } from 'node:crypto';
import { dataNameOf, readable } from '../manifest.ts';
import { backupNameOf, manifestNameOf } from '../names.ts';
import { markerOf, stemOfMarker } from './keys.ts';
import type { Objects, StoredObject } from './objects.ts';

/** Distinguishes the markers of this process from those of others. */
const PROCESS = randomUUID();
/** The markers of this process that are in use: one that a failure left behind is not. */
const used = new Set<string>();

const HEARTBEAT_MS = 60_000;
/** A writer is considered dead after this silence, by the clock of the server. */
const SILENCE_MS = 5 * 60_000;

interface Marker {
  /** Stops the heartbeat and deletes the marker. */
  remove(): Promise<void>;
  /** Stops the heartbeat and leaves the marker: the next run cleans up. */
  stop(): void;
}

/** Puts the marker and renews it until it is removed. */
export async function mark(objects: Objects, folder: string, stem: string): Promise<Marker> {
  const key = markerOf(folder, stem);
  const id = randomUUID();
  const text = JSON.stringify({ process: PROCESS, id });
  used.add(id);
  try {
    await objects.put(key, text);
  } catch (error) {
    used.delete(id);
    throw error;
  }
  let beating: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    beating = objects.put(key, text).catch(() => {});
  }, HEARTBEAT_MS);
  timer.unref();
  const stop = () => {
    clearInterval(timer);
    used.delete(id);
  };
  return {
    stop,
    async remove() {
      clearInterval(timer);
      // A renewal that arrives later would leave a marker behind.
      await beating;
      await objects.delete(key);
      used.delete(id);
    },
  };
}

/**
 * Aborts uploads and deletes data of dead writers in this folder of keys. Uploads are listed before markers: a living
 * writer puts its marker before its upload begins.
 */
export async function sweep(objects: Objects, folder: string, silenceMs = SILENCE_MS): Promise<string[]> {
  const uploads = await objects.unfinished(`${folder}/`);
  const all = await objects.list(`${folder}/`);
  const markers = all.filter(({ key }) => stemOfMarker(key) !== undefined);
  if (markers.length === 0 && uploads.length === 0) return [];
  const now = markers.length === 0 ? new Date(0) : await serverTime(objects, folder);
  const alive: string[] = [];
  const dead: { key: string; stem: string }[] = [];
  for (const { key, changedAt } of markers) {
    const stem = stemOfMarker(key) ?? '';
    if (await isAlive(objects, key, now.getTime() - changedAt.getTime(), silenceMs)) alive.push(stem);
    else dead.push({ key, stem });
  }
  const belongsTo = (key: string, stem: string) => key.startsWith(`${folder}/${stem}.`);
  for (const upload of uploads) {
    if (!alive.some((stem) => belongsTo(upload.key, stem))) await objects.abort(upload);
  }
  for (const { key, stem } of dead) {
    for (const data of all.filter((each) => belongsTo(each.key, stem))) await deleteUnlisted(objects, folder, data);
    await objects.delete(key);
  }
  return dead.map(({ stem }) => stem);
}

/** Deletes data that no manifest names, and reports without a manifest. */
async function deleteUnlisted(objects: Objects, folder: string, { key }: StoredObject): Promise<void> {
  const name = key.slice(folder.length + 1);
  if (name.endsWith('.json')) return;
  const backup = backupNameOf(name.replace(/\.report$/, ''));
  const manifest = await objects.text(`${folder}/${manifestNameOf(backup)}`);
  if (manifest !== undefined && (name.endsWith('.report') || names(manifest, name))) return;
  await objects.delete(key);
}

/** Whether a manifest describes this file. A manifest that cannot be read may describe it. */
function names(manifest: string, file: string): boolean {
  const parsed = readable(manifest);
  return parsed === undefined || dataNameOf(parsed) === file;
}

/** A marker of this process is alive while it is in use, and one of another process while it is renewed. */
async function isAlive(objects: Objects, key: string, silence: number, silenceMs: number): Promise<boolean> {
  const text = (await objects.text(key)) ?? '';
  return text.includes(PROCESS) ? [...used].some((id) => text.includes(id)) : silence < silenceMs;
}

/**
 * The time of the server: that of an object that was just written. Its name is always the same, so that the next
 * cleanup deletes the object of a killed one.
 */
async function serverTime(objects: Objects, folder: string): Promise<Date> {
  const key = `${folder}/.db-manager-clock`;
  await objects.put(key, '');
  const [written] = await objects.list(key);
  await objects.delete(key);
  return written?.changedAt ?? new Date(0);
}
