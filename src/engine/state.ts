import type { Backup } from '../core/model/backup.ts';
import type { RehearsalResult } from '../core/model/effects.ts';
import type { CheckResult, Finding } from '../core/model/finding.ts';
import type { HistoryRow } from '../core/model/history.ts';
import type { LoadedMigration, MigrationFile } from '../core/model/migration.ts';
import type { Plan } from '../core/model/plan.ts';
import type { Position } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Difference } from '../core/schema/difference.ts';
import type { Database, DoneMigration, Lock } from '../database/port.ts';
import type { ExpectedSchema } from '../engine/expected.ts';

/** What each step adds. A step's input type is the intersection of what it reads. */
export interface Loaded {
  files: MigrationFile[];
  /** The schema that the models describe, where the request names some. */
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
}
export interface Checked {
  checks: CheckResult[];
  findings: Finding[];
}
export interface Locked {
  /** Absent in a dry run, which writes nothing and so needs no lock. */
  lock?: Lock;
}
export interface Expecting {
  expected: ExpectedSchema;
  /** Differences found before the run; absent where validation was skipped. */
  before?: string[];
  /** The same as data, for `verify`: what was different before the run is not the run's fault. */
  known?: Difference[];
}
export interface BackedUp {
  backup?: Backup;
}
export interface Rehearsed {
  rehearsal?: RehearsalResult;
}
export interface Applied {
  done: DoneMigration[];
}
export interface Verified {
  after?: string[];
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
