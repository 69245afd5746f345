/** What the cache needs of any object. */
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

export interface StoreOptions<T> {
  /** Keeps what is needed of an object; what is dropped here is never held. Must keep `metadata`'s identity. */
  keep(object: KubernetesObject): T;
  /** A second key to look objects up by, for example the owner's uid. */
  index?(object: T): string | undefined;
  /** Told of every change, after it is visible. */
  onChange(change: { key: string; before: T | undefined; after: T | undefined }): void;
}

/** kubectl's copy of the whole object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const TOMBSTONES = 1_000;

/**
 * The objects of one kind by `namespace/name`. What is older than what is held, or than a deletion, is ignored, so
 * that the answers to our own writes can be put in at once and a late watch cannot undo them.
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

  /** Whether these lists have all come in at least once. */
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

  /** Drops what nobody reads before an object is held, page by page. */
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

  /** Takes a whole list of one source: what is not in it any more is gone, whatever its version. */
  replace(source: string, objects: readonly KubernetesObject[]): void {
    const replacement = this.beginReplace(source);
    replacement.add(objects);
    replacement.end();
  }

  /** The same page by page, so that a long list never lies in memory as a whole. Nothing is gone before the end. */
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

export function keyOf({ metadata: { namespace, name } }: KubernetesObject): string {
  return `${namespace ?? ''}/${name}`;
}

/** Since Kubernetes 1.35 versions are promised to be comparable numbers; they have always been (etcd's revision). */
function versionOf({ metadata: { resourceVersion } }: KubernetesObject): bigint {
  return /^\d+$/.test(resourceVersion ?? '') ? BigInt(resourceVersion ?? 0) : 0n;
}
