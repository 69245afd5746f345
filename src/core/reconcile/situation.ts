import type { Reason } from '../model/reason.ts';
import type { RunReport } from '../model/report.ts';
import type { Observed, ObservedRun, RunIdentity } from './observed.ts';

/** How a run ended: with its report, or without one and what is known instead. */
export type RunResult =
  | { kind: 'reported'; report: RunReport }
  | { kind: 'lost'; reason: Reason; message: string; at: Date };

/** The run of a resource that is being deleted: none, one that may have touched the database, one that never began. */
export type OpenRun =
  | { kind: 'none' }
  | { kind: 'begun'; run: ObservedRun }
  | { kind: 'notBegun'; run: ObservedRun }
  | { kind: 'ended'; run: ObservedRun; ending: RunResult };

/**
 * What is the matter with a resource. The first that matches, from top to bottom:
 * a run that exists is followed to its end whatever the spec says by now, and a resource that has what it asks for
 * waits for nothing.
 */
export type Situation =
  /** It is being deleted, and may have a run that is not recorded yet. */
  | { kind: 'deleting'; open: OpenRun }
  /** A run is under way. */
  | { kind: 'running'; run: ObservedRun }
  /** The pod never began, and what it was made from has changed: it makes room for a new run. */
  | { kind: 'superseded'; run: ObservedRun }
  /** A run has ended and the status does not say so yet. */
  | { kind: 'finished'; run: ObservedRun; ending: RunResult }
  /** The status speaks of a run of which nothing is left, and that never reported. */
  | { kind: 'vanished'; run: RunIdentity; startedAt?: string }
  /** Somebody else does the work (`execution: Sidecar`). */
  | { kind: 'elsewhere' }
  /** The spec makes no sense; a person has to change it. */
  | { kind: 'invalid'; reason: Reason; message: string }
  /** The last run of these inputs has done what the spec asks. */
  | { kind: 'upToDate' }
  /** The last run of these inputs did not go through, and trying again is of no use. */
  | { kind: 'stalled'; reason: Reason; limitReached: boolean }
  | { kind: 'suspended' }
  /** A run is due, but not yet. `until`: when to look again, where that is known. */
  | { kind: 'waiting'; reason: Reason; message: string; until?: Date }
  | { kind: 'due'; run: RunIdentity };

export type Assessed = Situation & { observed: Observed; now: Date };

/** One thing to do in the cluster. Carrying one out twice is the same as once. */
export type Action =
  | { kind: 'hold' }
  | { kind: 'createClaim' }
  | { kind: 'createJob'; run: RunIdentity }
  | { kind: 'deleteJob'; job: string }
  | { kind: 'release' };

/** In this order; `null` is where the status is written, so that nothing is let go of before it is recorded. */
export const ACTION_ORDER = ['hold', 'createClaim', 'createJob', null, 'deleteJob', 'release'] as const satisfies (
  | Action['kind']
  | null
)[];

export interface EventRecord {
  type: 'Normal' | 'Warning';
  reason: Reason;
  message: string;
  /** The same key is the same event: it is told once, also across restarts of the controller. */
  key: string;
}
