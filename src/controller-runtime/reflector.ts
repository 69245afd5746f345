import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../controller-runtime/api.ts';
import { ApiError } from '../controller-runtime/api-error.ts';
import { linesOf } from '../controller-runtime/lines.ts';
import { backoff } from '../core/model/backoff.ts';
import type { KubernetesObject, Store } from './store.ts';

interface ReflectorOptions {
  /** Path of the collection, for example `/api/v1/pods`. */
  path: string;
  labelSelector?: string;
  /** For kinds of which only name and version are needed: their content is never transferred. */
  metadataOnly?: boolean;
  /** Serializes the work of several reflectors, so that their pages are never in memory at the same time. */
  inTurn?<T>(work: () => Promise<T>): Promise<T>;
  /** Called for each error; the reflector retries automatically. */
  onError?(error: unknown): void;
}

/** Bookmarks arrive about every minute; a watch that is silent for longer has lost its peer. */
const SILENCE_MS = 150_000;
const BACKOFF_MS = { first: 200, most: 15_000 } as const;

/** Objects per page; a page is in memory twice, as text and as objects. */
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
 * Synchronizes a store with a collection until the signal aborts: it lists in pages, then watches from the version of
 * the list. A watch that ends is restarted at the last version. 410 Gone causes a new list, and its differences from
 * the store are reported like any other change. Any other failure is retried without limit, with exponential backoff
 * and jitter.
 */
export async function reflect<T>(
  api: Api,
  store: Store<T>,
  options: ReflectorOptions,
  signal: AbortSignal,
): Promise<void> {
  // The last version in the store; kept if a watch is interrupted.
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
    // A watch restarts immediately after its first end, but not if watches end in quick succession.
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

/** Returns when the server ends the watch; throws if it is interrupted. */
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
      // The server ends each watch after a random time, so that load moves to new API servers.
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
  const wait = backoff(failures, BACKOFF_MS);
  await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
}
