import type { Caches } from './caches.ts';

/**
 * Who may run at once: at most so many runs, and one a database. What the Jobs in the cache show, and what has been
 * promised to a Job that is being made and not seen yet.
 */
export class Places {
  readonly #most: number;
  readonly #promised = new Map<string, string>();

  constructor(most: number) {
    this.#most = most;
  }

  look(
    key: string,
    database: string,
    { activeJobs, jobs, resources }: Caches,
  ): { databaseInUseBy?: string; freePlace: boolean } {
    let taken = 0;
    let databaseInUseBy: string | undefined;
    const others = new Set<string>();
    const count = (owner: string, ofDatabase: string) => {
      if (owner === key || others.has(owner)) return;
      others.add(owner);
      taken += 1;
      if (ofDatabase === database) databaseInUseBy = owner;
    };
    for (const job of activeJobs) {
      const record = jobs.get(job);
      if (record === undefined) continue;
      const { resource, database: ofDatabase, run } = record;
      // A run that has reported is over, although its Job is not known to be complete yet.
      const last = resources.get(resource)?.run;
      if (last?.id === run.id && last.finishedAt !== undefined) continue;
      count(resource, ofDatabase);
    }
    for (const [owner, ofDatabase] of this.#promised) count(owner, ofDatabase);
    return { freePlace: taken < this.#most, ...(databaseInUseBy === undefined ? {} : { databaseInUseBy }) };
  }

  /** From the decision to start a run until its Job is in the cache or was refused. */
  promise(key: string, database: string): void {
    this.#promised.set(key, database);
  }

  settle(key: string): void {
    this.#promised.delete(key);
  }
}
