import type { Revision } from './revision.ts';

/**
 * The schema of a database at one time, stored in the database itself: the start of a replay if the migrations do
 * not start from an empty database.
 */
export interface Baseline {
  /** ISO 8601 in UTC. */
  takenAt: string;
  runId: string;
  toolVersion: string;
  /** The migrations that were applied when it was taken, in order: a replay skips them. */
  revisions: Revision[];
  /** The schema as SQL, without rows. */
  schema: string;
}

export const BASELINE_TABLE = 'db_manager_baseline';
