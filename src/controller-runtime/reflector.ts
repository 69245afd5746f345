import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../controller-runtime/api.ts';
import { ApiError } from '../controller-runtime/api-error.ts';
import { linesOf } from '../controller-runtime/lines.ts';
import type { KubernetesObject, Store } from './store.ts';

export interface ReflectorOptions {
  /** Of the collection, for example `/api/v1/pods`. */
  path: string;
  labelSelector?: string;
  /** For kinds of which only name and version are wanted: their content never comes over the wire. */
  metadataOnly?: boolean;
  /** Runs one after the other what several reflectors give it: their pages then never lie in memory together. */
  inTurn?<T>(work: () => Promise<T>): Promise<T>;
  /** Told of what went wrong; the reflector goes on by itself. */
  onError?(error: unknown): void;
}

/** Bookmarks come about every minute; a watch that is silent for longer has a dead peer. */
const SILENCE_MS = 150_000;
const BACKOFF_MS = { first: 200, most: 15_000 } as const;

/** Objects; a page lies in memory twice, as text and as objects. */
const PAGE = 100;

interface ObjectList {
  metadata: { resourceVersion: string; continue?: string };
  items: KubernetesObject[];
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubernetesObject & { code?: number; message?: string; reason?: string };
}

/**
 * Keeps a store equal to a collection until the signal aborts: a list by pages, then watches from its version on. A
 * watch that ends is taken up at the version it came to; 410 Gone means a new list, whose difference from what is
 * stored is told like any other change; any other failure is tried again with growing, jittered patience, for ever.
 */
export async function reflect<T>(
  api: Api,
  store: Store<T>,
  options: ReflectorOptions,
  signal: AbortSignal,
): Promise<void> {
  // How far the store has come; kept when a watch breaks off in the middle.
  const at: { version?: string } = {};
  let failures = 0;
  while (!signal.aborted) {
    try {
      at.version ??= await list(api, store, options, signal);
      const began = performance.now();
      await watch(api, store, options, at, signal);
      failures = performance.now() - began > 1_000 ? 0 : failures + 1;
    } catch (error) {
      if (signal.aborted) return;
      if (isGone(error)) at.version = undefined;
      else options.onError?.(error);
      failures += 1;
    }
    // The first end of a watch is taken up at once; ends in quick succession are not.
    if (failures > 0) await pause(failures, signal);
  }
}

async function list<T>(api: Api, store: Store<T>, options: ReflectorOptions, signal: AbortSignal): Promise<string> {
  const { inTurn = (work) => work() } = options;
  const replacement = store.beginReplace(options.path);
  let next: string | undefined;
  let version = '';
  do {
    await inTurn(async () => {
      const { items, metadata } = await api.request<ObjectList>({
        verb: 'list',
        path: options.path,
        query: { limit: PAGE, continue: next, labelSelector: options.labelSelector },
        accept: accept(options, 'PartialObjectMetadataList'),
        timeoutMs: 60_000,
        signal,
      });
      replacement.add(items.map((item) => store.trim(item)));
      version = metadata.resourceVersion;
      next = metadata.continue === '' ? undefined : metadata.continue;
    });
  } while (next !== undefined);
  replacement.end();
  return version;
}

/** Until the server ends the watch; throws when it breaks off. */
async function watch<T>(
  api: Api,
  store: Store<T>,
  options: ReflectorOptions,
  at: { version?: string },
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const response = await api.stream({
    verb: 'watch',
    path: options.path,
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: at.version,
      labelSelector: options.labelSelector,
      // Ends by itself, at different times for different watchers, so that load moves to new API servers.
      timeoutSeconds: 300 + Math.floor(Math.random() * 300),
    },
    accept: accept(options, 'PartialObjectMetadata'),
    signal: AbortSignal.any([signal, stop.signal]),
  });
  let timer = setTimeout(() => stop.abort(), SILENCE_MS);
  try {
    for await (const line of linesOf(response)) {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), SILENCE_MS);
      const { type, object } = JSON.parse(line) as WatchEvent;
      if (type === 'ERROR')
        throw new ApiError(object.code ?? 500, object.reason ?? '', object.message ?? 'watch failed');
      at.version = object.metadata.resourceVersion ?? at.version;
      if (type === 'BOOKMARK') continue;
      if (type === 'DELETED') store.remove(object);
      else store.put(store.trim(object));
    }
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

function accept({ metadataOnly }: ReflectorOptions, as: string): string {
  return metadataOnly === true ? `application/json;as=${as};g=meta.k8s.io;v=v1` : 'application/json';
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}

async function pause(failures: number, signal: AbortSignal): Promise<void> {
  const wait = Math.min(BACKOFF_MS.first * 2 ** Math.min(failures - 1, 10), BACKOFF_MS.most);
  await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
}
