import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

/** With more connections, a restore does not get faster. */
const MOST = 4;
/** A smaller archive takes no longer with one connection, which needs less processor time. */
const LARGE_BYTES = 4 * 1024 * 1024;
/** Of a server that builds an index on a connection: its `maintenance_work_mem` of 64 MiB, and its own memory. */
const BYTES_FOR_EACH = 96 * 1024 * 1024;
/** What this process, pg_restore and the server need without building indexes. */
const BYTES_FOR_ALL = 256 * 1024 * 1024;

/** What the machine or the pod has. Node.js reads the limits of the control group. */
interface Machine {
  processors: number;
  /** 0: not limited, or not known. */
  memoryBytes: number;
}

const thisMachine = (): Machine => ({
  processors: availableParallelism(),
  memoryBytes: process.constrainedMemory(),
});

/**
 * Connections with which pg_restore fills a new database from an archive of that size. `ownServer`: the server runs in
 * this pod, and its memory counts too.
 */
export function restoreJobs(archiveBytes: number, { processors, memoryBytes }: Machine, ownServer = false): number {
  if (archiveBytes < LARGE_BYTES) return 1;
  const fitting = ownServer && memoryBytes > 0 ? Math.floor((memoryBytes - BYTES_FOR_ALL) / BYTES_FOR_EACH) : MOST;
  return Math.max(1, Math.min(MOST, processors, fitting));
}

/** The largest number of connections of a restore on a server that is elsewhere. */
export function mostRestoreJobs(): number {
  return restoreJobs(Number.POSITIVE_INFINITY, thisMachine());
}

/** `--jobs`, for an archive on this machine. */
export async function jobsOption(archive: string, ownServer = false): Promise<string> {
  const { size } = await stat(archive);
  return `--jobs=${restoreJobs(size, thisMachine(), ownServer)}`;
}
