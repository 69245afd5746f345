/** What one migration did on the rehearsal copy. */
export interface MigrationEffects {
  revision: string;
  seconds: number;
  statements: number;
  /** Strongest lock on each table, for example `AccessExclusiveLock`, and the longest time that it was held. */
  locks: { table: string; mode: string; seconds?: number }[];
  /** Tables whose storage was rewritten. */
  rewrites: string[];
  /** Row counts of the tables in which they changed; null on the side where a table does not exist. */
  rows: { table: string; before: number | null; after: number | null }[];
}

export interface RehearsalResult {
  mode: 'Full' | 'SchemaOnly';
  /** Why this mode was used. */
  message: string;
  seconds: number;
  roundTrip: 'passed' | 'failed' | 'skipped';
  roundTripMessage?: string;
  migrations: MigrationEffects[];
}
