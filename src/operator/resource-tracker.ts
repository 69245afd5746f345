import type { Refusal } from '../core/reconcile/observed.ts';

interface Tracked {
  /** The API server refused an object of the run with these inputs. */
  refusal?: Refusal & { inputs: string };
  /** The database of a run that was decided and whose Job is not in the cache yet. */
  reserved?: string;
  /** The run whose Job was deleted before its pod started. */
  withdrawn?: string;
  /** Since when the resource has orphaned Jobs, in milliseconds since 1970. */
  orphanedSince?: number;
}

/**
 * What the controller remembers about resources and cannot read from the API server. It is lost at a restart, without
 * harm. Followed logs are not here: a `LogFollower` belongs to a run.
 */
export class ResourceTracker {
  readonly #tracked = new Map<string, Tracked>();

  get(key: string): Readonly<Tracked> {
    return this.#tracked.get(key) ?? {};
  }

  /** Undefined removes a field; a resource without fields is forgotten. */
  set(key: string, change: Tracked): void {
    const next = { ...this.#tracked.get(key), ...change };
    if (Object.values(next).every((value) => value === undefined)) this.#tracked.delete(key);
    else this.#tracked.set(key, next);
  }

  entries(): IterableIterator<[key: string, tracked: Readonly<Tracked>]> {
    return this.#tracked.entries();
  }

  get size(): number {
    return this.#tracked.size;
  }
}
