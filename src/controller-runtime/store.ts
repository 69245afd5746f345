/** The fields of an object that the cache needs. */
export interface KubernetesObject {
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    managedFields?: unknown;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

interface StoreOptions<T> {
  /** Reduces an object to the fields that are stored. Must keep the identity of `metadata`. */
  keep(object: KubernetesObject): T;
  /** A second key for lookups, for example the UID of the owner. */
  index?(object: T): string | undefined;
  /** Called for every change, after it is visible. */
  onChange(change: { key: string; before: T | undefined; after: T | undefined }): void;
}

/** The copy of the whole object that kubectl stores. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const TOMBSTONES = 1_000;

/**
 * The objects of one kind by `namespace/name`. An object that is older than the stored one, or than its deletion, is
 * ignored. So the responses to our own writes can be stored immediately, and a late watch event cannot undo them.
 */
export class Store<T> {
  readonly #objects = new Map<string, { value: T; version: bigint; source: string | undefined }>();
  readonly #index = new Map<string, Set<string>>();
  readonly #tombstones = new Map<string, bigint>();
  readonly #sources = new Set<string>();
  readonly #options: StoreOptions<T>;

  constructor(options: StoreOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Whether all these lists were received at least once. */
  hasSynced(sources: readonly string[]): boolean {
    return sources.every((source) => this.#sources.has(source));
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)?.value;
  }

  *values(): Generator<T> {
    for (const { value } of this.#objects.values()) yield value;
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  by(index: string): T[] {
    return [...(this.#index.get(index) ?? [])].flatMap((key) => {
      const found = this.get(key);
      return found === undefined ? [] : [found];
    });
  }

  /** Removes unused fields before an object is stored, page by page. */
  trim(object: KubernetesObject): KubernetesObject {
    const { metadata } = object;
    delete metadata.managedFields;
    if (metadata.annotations !== undefined) delete metadata.annotations[LAST_APPLIED];
    return object;
  }

  put(object: KubernetesObject, source?: string): void {
    const key = keyOf(object);
    const version = versionOf(object);
    const held = this.#objects.get(key);
    if (held !== undefined && held.version >= version) return;
    if ((this.#tombstones.get(key) ?? -1n) >= version) return;
    this.#set(key, object, version, source ?? held?.source);
  }

  remove(object: KubernetesObject): void {
    const key = keyOf(object);
    const version = versionOf(object);
    this.#tombstones.delete(key);
    this.#tombstones.set(key, version);
    if (this.#tombstones.size > TOMBSTONES) {
      for (const oldest of this.#tombstones.keys()) {
        this.#tombstones.delete(oldest);
        break;
      }
    }
    const held = this.#objects.get(key);
    if (held !== undefined && held.version <= version) this.#drop(key);
  }

  /** Stores a whole list of one source: an object that is missing in it is deleted, regardless of its version. */
  replace(source: string, objects: readonly KubernetesObject[]): void {
    const replacement = this.beginReplace(source);
    replacement.add(objects);
    replacement.end();
  }

  /** The same page by page, so that a long list is never completely in memory. Nothing is deleted before the end. */
  beginReplace(source: string): { add(page: readonly KubernetesObject[]): void; end(): void } {
    const seen = new Set<string>();
    return {
      add: (page) => {
        for (const object of page) {
          const key = keyOf(object);
          seen.add(key);
          const version = versionOf(object);
          const held = this.#objects.get(key);
          if (held === undefined || held.version !== version) this.#set(key, object, version, source);
          else held.source = source;
        }
      },
      end: () => {
        const gone = [...this.#objects].filter(([key, held]) => !seen.has(key) && (held.source ?? source) === source);
        for (const [key] of gone) this.#drop(key);
        this.#sources.add(source);
      },
    };
  }

  #set(key: string, object: KubernetesObject, version: bigint, source: string | undefined): void {
    const before = this.get(key);
    const value = this.#options.keep(object);
    this.#unindex(key, before);
    this.#objects.set(key, { value, version, source });
    const index = this.#options.index?.(value);
    if (index !== undefined) this.#index.set(index, (this.#index.get(index) ?? new Set()).add(key));
    this.#options.onChange({ key, before, after: value });
  }

  #drop(key: string): void {
    const before = this.get(key);
    this.#unindex(key, before);
    this.#objects.delete(key);
    this.#options.onChange({ key, before, after: undefined });
  }

  #unindex(key: string, value: T | undefined): void {
    const index = value === undefined ? undefined : this.#options.index?.(value);
    if (index === undefined) return;
    const keys = this.#index.get(index);
    keys?.delete(key);
    if (keys?.size === 0) this.#index.delete(index);
  }
}

function keyOf({ metadata: { namespace, name } }: KubernetesObject): string {
  return `${namespace ?? ''}/${name}`;
}

/**
 * Versions are guaranteed to be comparable numbers since Kubernetes 1.35; before that they always were (etcd
 * revisions).
 */
function versionOf({ metadata: { resourceVersion } }: KubernetesObject): bigint {
  return /^\d+$/.test(resourceVersion ?? '') ? BigInt(resourceVersion ?? 0) : 0n;
}
