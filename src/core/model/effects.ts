/** What one migration did on the rehearsal copy. */
export interface MigrationEffects {
  revision: string;
  seconds: number;
  statements: number;
  /** Strongest lock held on each table, for example `AccessExclusiveLock`, and for how long until the end, at most. */
  locks: { table: string; mode: string; seconds?: number }[];
  /** Tables whose storage was written anew. */
  rewrites: string[];
  /** Row counts of tables where they changed; a table absent on one side has null there. */
  rows: { table: string; before: number | null; after: number | null }[];
}

export interface RehearsalResult {
  mode: 'Full' | 'SchemaOnly';
  /** Why this mode. */
  message: string;
  seconds: number;
  roundTrip: 'passed' | 'failed' | 'skipped';
  roundTripMessage?: string;
  migrations: MigrationEffects[];
}
