import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../controller-runtime/api.ts';
import { ApiError, isStatus } from '../controller-runtime/api-error.ts';
import { reflect } from '../controller-runtime/reflector.ts';
import { type KubernetesObject, Store } from '../controller-runtime/store.ts';
import { type DashboardResource, resourceKey } from '../core/dashboard/resource.ts';
import { backoff } from '../core/model/backoff.ts';
import { type Collection, readableScope, type Scope, type ShownKind } from './scope.ts';

interface LiveOptions {
  api: Api;
  kinds: readonly ShownKind[];
  /** Only these namespaces. */
  named?: readonly string[];
  /** For a caller who may not list namespaces. */
  fallback: readonly string[];
  /** How often permissions, namespaces and CRDs are looked at again; milliseconds. */
  rescanMs?: number;
}

/** How the connection to the API server is. */
export interface ClusterConnection {
  /** All collections were read at least once. */
  synced: boolean;
  /** The last error, if no request has succeeded since. */
  error?: { text: string; since: Date; kind: 'unauthorized' | 'refused' | 'unreachable' };
  /** Kinds whose CRD is not installed. */
  missing: string[];
  denied: Scope['denied'];
  /** The caller may read nothing, and may not list namespaces. */
  nothing: boolean;
}

const RESCAN_MS = 60_000;
/** An authorizer that contradicts itself must not be asked without a pause. */
const RESCAN_AFTER_403_MS = 2_000;
/** Each namespace is asked about eight times: the more there are, the less often. */
const RESCAN_PER_NAMESPACE_MS = 600;
const RETRY_MS = { first: 500, most: 15_000 } as const;

interface Watched {
  collection: Collection;
  store: Store<DashboardResource>;
  stop: AbortController;
}

/** All resources that a caller may read, kept current by watches. `onChange` gets the key of each changed resource. */
export class LiveResources {
  readonly #options: LiveOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #errors = new Map<string, { error: unknown; since: Date }>();
  readonly #listeners = new Set<(key: string | undefined) => void>();
  readonly #stop = new AbortController();
  #denied: Scope['denied'] = [];
  #scoped = false;
  #rescan = new AbortController();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stop.abort();
    for (const { stop } of this.#watched.values()) stop.abort();
  }

  /** `listener` gets the key of a resource that changed, or undefined if the connection did. Returns the end of it. */
  subscribe(listener: (key: string | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  *values(): Generator<DashboardResource> {
    for (const { store } of this.#watched.values()) yield* store.values();
  }

  get(kind: string, namespace: string, name: string): DashboardResource | undefined {
    for (const { collection, store } of this.#watched.values()) {
      if (collection.kind !== kind) continue;
      const found = store.get(`${namespace}/${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  connection(): ClusterConnection {
    const failed = [...this.#errors.values()];
    const missing = [...this.#errors].flatMap(([path, { error }]) => {
      const kind = this.#watched.get(path)?.collection.kind;
      return kind !== undefined && isStatus(error, 404) ? [kind] : [];
    });
    const serious = failed.filter(({ error }) => !isStatus(error, 404, 403, 410));
    const first = serious.sort((a, b) => a.since.getTime() - b.since.getTime())[0];
    const settled = (path: string, store: Store<DashboardResource>) =>
      store.hasSynced([path]) || this.#errors.has(path);
    return {
      synced: this.#scoped && [...this.#watched].every(([path, { store }]) => settled(path, store)),
      ...(first === undefined
        ? {}
        : {
            error: {
              text: first.error instanceof Error ? first.error.message : String(first.error),
              since: first.since,
              kind: serious.some(({ error }) => isStatus(error, 401))
                ? 'unauthorized'
                : first.error instanceof ApiError
                  ? 'refused'
                  : 'unreachable',
            },
          }),
      missing: [...new Set(missing)],
      denied: this.#denied,
      nothing: this.#scoped && this.#watched.size === 0 && this.#denied.length === 0,
    };
  }

  async #run(): Promise<void> {
    const { api, kinds, named, fallback, rescanMs = RESCAN_MS } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      let wait = rescanMs;
      try {
        const scope = await readableScope(this.#observed(api, ''), kinds, { named, fallback }, signal);
        failures = 0;
        wait = Math.max(rescanMs, scope.asked * RESCAN_PER_NAMESPACE_MS);
        this.#follow(scope);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed('', error);
        wait = backoff(++failures, RETRY_MS);
      }
      this.#rescan = new AbortController();
      const either = AbortSignal.any([signal, this.#rescan.signal]);
      await sleep(wait, undefined, { signal: either, ref: false }).catch(() => {});
      if (this.#rescan.signal.aborted)
        await sleep(RESCAN_AFTER_403_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  #follow({ collections, denied }: Scope): void {
    const wanted = new Set(collections.map(({ path }) => path));
    for (const path of [...this.#watched.keys()]) if (!wanted.has(path)) this.#drop(path);
    for (const collection of collections) if (!this.#watched.has(collection.path)) this.#watch(collection);
    this.#denied = denied;
    this.#scoped = true;
    this.#emit(undefined);
  }

  #watch(collection: Collection): void {
    const { path, kind } = collection;
    const store = new Store<DashboardResource>({
      // The items of a list have no kind.
      keep: (object) => ({ ...(object as KubernetesObject & DashboardResource), kind }),
      onChange: ({ before, after }) => {
        const changed = after ?? before;
        if (changed !== undefined) this.#emit(resourceKey(changed));
      },
    });
    const stop = new AbortController();
    this.#watched.set(path, { collection, store, stop });
    const onError = (error: unknown) => {
      if (stop.signal.aborted) return;
      this.#failed(path, error);
      // The permission was withdrawn: what can be read is determined again.
      if (isStatus(error, 403)) {
        this.#drop(path);
        this.#rescan.abort();
      }
    };
    void reflect(this.#observed(this.#options.api, path), store, { path, onError }, stop.signal);
  }

  #drop(path: string): void {
    const watched = this.#watched.get(path);
    if (watched === undefined) return;
    watched.stop.abort();
    this.#watched.delete(path);
    this.#errors.delete(path);
    for (const resource of watched.store.values()) this.#emit(resourceKey(resource));
  }

  /** Notes the end of an error: the reflector reports only its beginning. */
  #observed(api: Api, path: string): Api {
    const works = <T>(result: T): T => {
      if (this.#errors.delete(path)) this.#emit(undefined);
      return result;
    };
    return {
      request: async <T>(request: Parameters<Api['request']>[0]) => works(await api.request<T>(request)),
      stream: async (request) => works(await api.stream(request)),
    };
  }

  #failed(path: string, error: unknown): void {
    const since = this.#errors.get(path)?.since ?? new Date();
    this.#errors.set(path, { error, since });
    this.#emit(undefined);
  }

  #emit(key: string | undefined): void {
    for (const listener of this.#listeners) listener(key);
  }
}
