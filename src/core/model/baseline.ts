import type { Revision } from './revision.ts';

/**
 * The schema of a database at one moment, kept in the database itself: what a replay of the migrations starts from
 * where they do not begin with an empty database.
 */
export interface Baseline {
  /** ISO 8601 in UTC. */
  takenAt: string;
  runId: string;
  toolVersion: string;
  /** The migrations that were applied when it was taken, in their order: a replay leaves them out. */
  revisions: Revision[];
  /** The schema as SQL, without rows. */
  schema: string;
}

export const BASELINE_TABLE = 'db_manager_baseline';
