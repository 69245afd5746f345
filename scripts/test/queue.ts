/** Which test file a worker runs next. Pure. */

/** What was measured on two idle cores; only the order counts, so that a long file does not begin last. */
export type Seconds = (file: string) => number;

/** These share a control plane, which takes long to start: one worker runs them all, while there is other work. */
const CLUSTER = /^test\/cluster\//;

export interface FileQueue {
  /** The next file of that worker, or undefined where nothing is left for it. */
  next(worker: number): string | undefined;
}

/** Longest first, as measured; the cluster's files in one worker as long as the others have something else to do. */
export function fileQueue(files: readonly string[], seconds: Seconds): FileQueue {
  const byTime = [...files].sort((a, b) => seconds(b) - seconds(a) || a.localeCompare(b));
  const cluster = byTime.filter((file) => CLUSTER.test(file));
  const others = byTime.filter((file) => !CLUSTER.test(file));
  let ownsCluster: number | undefined;
  return {
    next(worker) {
      ownsCluster ??= cluster.length > 0 ? worker : undefined;
      if (worker === ownsCluster) return cluster.shift() ?? others.shift();
      // The last one is left to its owner: a second control plane takes longer than most files.
      return others.shift() ?? (cluster.length > 1 ? cluster.shift() : undefined);
    },
  };
}
