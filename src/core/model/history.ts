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

/** The setting `history`: another schema or another name for the table of the history. */
export interface HistorySetting {
  /** PostgreSQL only. Default: the first of the target's schemas. */
  schema?: string;
  /** Default `db_manager_history`. */
  table?: string;
}

/** Our own tables in the target database: they are not part of the schema and the rows of the migrations. */
export interface OwnTables {
  /** PostgreSQL: the schema of the tables. */
  schema: string;
  history: string;
  /** Next to the history. */
  baseline: string;
  /** The names that are left out wherever tables are read. */
  names: readonly string[];
}

interface Place {
  history?: HistorySetting;
  schemas?: readonly string[];
}

export function ownTables({ history = {}, schemas = [] }: Place): OwnTables {
  const [first = 'public'] = schemas;
  const { schema = first, table } = history;
  const named = {
    history: table ?? HISTORY_TABLE,
    baseline: table === undefined ? BASELINE_TABLE : `${table}_baseline`,
  };
  // In a schema of its own, the name is free for the project's tables elsewhere.
  const apart = history.schema !== undefined && !schemas.includes(history.schema);
  const names = new Set([HISTORY_TABLE, BASELINE_TABLE, ...(apart ? [] : [named.history, named.baseline])]);
  return { schema, ...named, names: [...names] };
}
