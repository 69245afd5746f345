import type { Backup } from '../core/model/backup.ts';
import type { RehearsalResult } from '../core/model/effects.ts';
import type { CheckResult, Finding } from '../core/model/finding.ts';
import type { HistoryRow } from '../core/model/history.ts';
import type { LoadedMigration, MigrationFile } from '../core/model/migration.ts';
import type { Plan } from '../core/model/plan.ts';
import type { Position, Revision } from '../core/model/revision.ts';
import type { SourceText } from '../core/model/run-details.ts';
import type { DecidedFinding } from '../core/model/run-record.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { VerifiedSchema } from '../core/model/verified-schema.ts';
import type { Difference } from '../core/schema/difference.ts';
import type { Database, DoneMigration, Lock, PreparedScratch } from '../database/port.ts';
import type { ExpectedSchema } from '../engine/expected.ts';

/** The fields that each step adds. The input type of a step is the intersection of the fields that it reads. */
export interface Loaded {
  files: MigrationFile[];
  /** The schema of the models, if the request has models. */
  models?: Snapshot;
}
export interface Connected {
  database: Database;
}
export interface Inspected {
  history: HistoryRow[];
  current: Position;
}
export interface Planned {
  plan: Plan;
  migrations: LoadedMigration[];
  /** Those of the folder, and those that only the history has (`stored`) if the plan reverts. */
  files: MigrationFile[];
  /** Applied migrations that the folder lacks and that older code can run with. */
  ahead: Revision[];
}
export interface Checked {
  checks: CheckResult[];
  findings: Finding[];
  /** Findings that a comment in a migration ignores. */
  ignored?: DecidedFinding[];
}
export interface Locked {
  /** Absent in a dry run: it writes nothing and needs no lock. */
  lock?: Lock;
}
export interface Expecting {
  expected: ExpectedSchema;
  /** Differences found before the run; absent if validation was skipped. */
  before?: string[];
  /** The same differences as data, for `verify`: the run did not cause them. */
  known?: Difference[];
  /** If the schema was found equal to a replay of the migrations; `verify` replaces it. */
  verified?: VerifiedSchema;
}
export interface BackedUp {
  backup?: Backup;
  /** What the rehearsal needs, started during the backup. */
  prepared?: PreparedScratch;
}
export interface Rehearsed {
  rehearsal?: RehearsalResult;
  /** The schema of the copy before and after the plan, for the page of the run. */
  schemas?: { before: Snapshot; after: Snapshot };
}
export interface SentTexts {
  /** Texts for the page of the run, if the migrations are not files of db-manager. */
  sources?: SourceText[];
}
export interface Applied {
  done: DoneMigration[];
}
export interface Verified {
  after?: string[];
  verified?: VerifiedSchema;
}

export type RunState = Loaded &
  Connected &
  Inspected &
  Planned &
  Checked &
  Locked &
  Expecting &
  BackedUp &
  Rehearsed &
  Applied &
  Verified;
