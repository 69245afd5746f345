import { BASELINE_TABLE } from './baseline.ts';
import type { Revision } from './revision.ts';

/**
 * `applied`: the migration's body is committed. `started` and `reverting`: a migration that runs outside a
 * transaction has started and its progress is unknown; `repair` resolves such a row.
 */
export type HistoryState = 'applied' | 'started' | 'reverting';

/** One row of `db_manager_history` in the target database. */
export interface HistoryRow {
  revision: Revision;
  /** `sha256:<hex>`, or null for rows imported from a tool without checksums. */
  checksum: string | null;
  /** ISO 8601 in UTC. */
  appliedAt: string;
  durationMs: number;
  runId: string;
  toolVersion: string;
  state: HistoryState;
}

export const HISTORY_TABLE = 'db_manager_history';

/** Our own tables in the target database: they are not part of the schema and the rows of the migrations. */
export const OWN_TABLES: readonly string[] = [HISTORY_TABLE, BASELINE_TABLE];
