import type { Reason } from '../model/reason.ts';
import type { RunReport } from '../model/report.ts';
import type { DatabaseMigrationStatus } from '../model/resource.ts';
import type { Observed, ObservedRun, RunIdentity } from './observed.ts';

/** How a run ended: with its report, or without a report and with the known facts. */
export type RunResult =
  | { kind: 'reported'; report: RunReport }
  | { kind: 'lost'; reason: Reason; message: string; at: Date };

/**
 * The run of a resource that is being deleted: none, one that may have changed the database, or one that never started.
 */
export type OpenRun =
  | { kind: 'none' }
  | { kind: 'begun'; run: ObservedRun }
  | { kind: 'notBegun'; run: ObservedRun }
  | { kind: 'ended'; run: ObservedRun; result: RunResult };

/**
 * The situation of a resource: the first that matches, from top to bottom. An existing run is followed to its end even
 * if the spec has changed since, and a resource that has reached its desired state waits for nothing.
 */
export type Situation =
  /** The resource is being deleted, and may have a run whose end is not recorded yet. */
  | { kind: 'deleting'; open: OpenRun }
  /** A run is in progress. */
  | { kind: 'running'; run: ObservedRun }
  /** The inputs have changed: a new run replaces this one, whose pod had not started or did nothing. */
  | { kind: 'superseded'; run: ObservedRun }
  /** A run has ended, and its end is not in the status yet. */
  | { kind: 'finished'; run: ObservedRun; result: RunResult }
  /** The status names a run that left no report, and whose Job and pod no longer exist. */
  | { kind: 'vanished'; run: RunIdentity; startedAt?: string }
  /** A sidecar migrates the database (`execution: Sidecar`). */
  | { kind: 'unmanaged' }
  /** The spec is invalid; a person has to change it. */
  | { kind: 'invalid'; reason: Reason; message: string }
  /** The last run of these inputs succeeded. */
  | { kind: 'upToDate' }
  /** The last run of these inputs failed, and a retry does not help. */
  | { kind: 'stalled'; reason: Reason; limitReached: boolean }
  | { kind: 'suspended' }
  /** A run is pending. `until`: when to reconcile again, if known. */
  | { kind: 'waiting'; reason: Reason; message: string; until?: Date }
  | { kind: 'due'; run: RunIdentity };

export type Assessed = Situation & { observed: Observed; now: Date };

/** One change in the cluster. Every action is idempotent. */
export type Action =
  | { kind: 'addFinalizer' }
  | { kind: 'createClaim' }
  | { kind: 'createJob'; run: RunIdentity }
  | { kind: 'writeStatus'; status: DatabaseMigrationStatus }
  | { kind: 'emitEvents'; events: EventRecord[] }
  | { kind: 'deleteJob'; job: string }
  | { kind: 'removeFinalizer' };

export interface EventRecord {
  type: 'Normal' | 'Warning';
  reason: Reason;
  message: string;
  /** The same key is the same event: it is emitted once, even if the controller restarts. */
  key: string;
}
