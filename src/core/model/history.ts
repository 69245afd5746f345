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
  /** The version of the row's layout, `HISTORY_LAYOUT` when it was written. Absent in a row to write. */
  layout?: number;
  /** What is stored of the migration's text; absent if the history has no columns for it. */
  source?: SourceNote;
}

export const HISTORY_TABLE = 'db_manager_history';

/** The layout of the rows that this version writes. Layouts only add columns, so an older one stays readable. */
export const HISTORY_LAYOUT = 2;

/** Metadata of the stored text of a migration, without the text. */
export interface SourceNote {
  /** Undefined if no text is stored. */
  format?: string;
  /** Size of the stored text in bytes, compressed. */
  bytes: number;
  /** Why the text is missing or cannot be run. */
  note?: SourceProblem;
  /** For `OwnImports`: the imports. */
  detail?: string;
}

/** `TooLarge`: not stored. `OwnImports`: stored, but it needs other files. */
export type SourceProblem = 'TooLarge' | 'OwnImports';

/** The text of a migration as it is stored. */
export interface StoredSource {
  /** Undefined with `note: 'TooLarge'`. */
  format?: string;
  /** Compressed. */
  content?: Uint8Array;
  /** `sha256:<hex>` of `content`. */
  digest?: string;
  note?: SourceProblem;
  detail?: string;
}

/** A row to write, with the text of its migration. Without it, the text that is already stored stays. */
export type HistoryWrite = HistoryRow & { stored?: StoredSource };

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
  /** Next to the history. */
  runs: string;
  /** The names that are left out wherever tables are read. */
  names: readonly string[];
}

/** The records of runs. */
const RUNS_TABLE = 'db_manager_runs';

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
    runs: table === undefined ? RUNS_TABLE : `${table}_runs`,
  };
  // In a schema of its own, the name is free for the project's tables elsewhere.
  const apart = history.schema !== undefined && !schemas.includes(history.schema);
  const ours = [named.history, named.baseline, named.runs];
  const names = new Set([HISTORY_TABLE, BASELINE_TABLE, RUNS_TABLE, ...(apart ? [] : ours)]);
  return { schema, ...named, names: [...names] };
}
