/** Which test file a worker runs next. Pure. */

/** What was measured on two idle cores; only the order counts, so that a long file does not begin last. */
export type Seconds = (file: string) => number;

/**
 * These share a control plane, which takes long to start and works all the time: one worker in three runs them, while
 * there is other work.
 */
const CLUSTER = /^test\/cluster\//;
const WORKERS_FOR_ONE_CLUSTER = 3;

export interface FileQueue {
  /** The next file of that worker, or undefined where nothing is left for it. */
  next(worker: number): string | undefined;
}

/** Longest first, as measured; the cluster's files in few workers as long as the others have something else to do. */
export function fileQueue(files: readonly string[], seconds: Seconds, workers: number): FileQueue {
  const byTime = [...files].sort((a, b) => seconds(b) - seconds(a) || a.localeCompare(b));
  const cluster = byTime.filter((file) => CLUSTER.test(file));
  const others = byTime.filter((file) => !CLUSTER.test(file));
  const wanted = Math.ceil(workers / WORKERS_FOR_ONE_CLUSTER);
  const owners = new Set<number>();
  return {
    next(worker) {
      if (owners.size < Math.min(wanted, cluster.length)) owners.add(worker);
      if (owners.has(worker)) return cluster.shift() ?? others.shift();
      // The last ones are left to their owners: another control plane takes longer than most files.
      return others.shift() ?? (cluster.length > owners.size ? cluster.shift() : undefined);
    },
  };
}
