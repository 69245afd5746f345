/**
 * Reconciling, decided: what the controller sees -> what situation that is -> what to do. Pure: no clock, no I/O;
 * imports only core/model. `operator/` gathers an `Observed` and carries a `Decision` out.
 */
import type { Reason } from '../model/reason.ts';
import type { Progress, RunReport, StepReport } from '../model/report.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import type { StepName } from '../model/step.ts';

/** Everything that a decision about one resource may rest on, as it was seen at one moment. */
export interface Observed {
  resource: DatabaseMigration;
  /** Why the spec cannot be read by this version; absent where it can. */
  unreadable?: string;
  /** Digest of what a run of this resource would be made from: see `inputsDigest`. */
  inputs: string;
  /** ConfigMaps that the spec names and that do not exist. */
  missingSources: string[];
  dependencies: Dependency[];
  /** The newest Job of this resource, or what is left of it. */
  run?: ObservedRun;
  /** The API server's words when it refused to make the Job of these inputs. */
  refusal?: Refusal;
  /** Who has a run on the same database now: a resource of the same namespace; one of another is not named. */
  databaseInUseBy?: { name: string } | 'elsewhere';
  /** Whether another run may start, and whose limit is reached: see `Slots`. */
  slot: { kind: 'free' } | { kind: 'taken'; by: 'all' | 'namespace' | 'turn' };
}

export interface Dependency {
  name: string;
  state:
    | { kind: 'ready' }
    | { kind: 'missing' }
    | { kind: 'notReady'; message: string }
    | { kind: 'cycle'; path: string[] };
}

export interface Refusal {
  reason: Reason;
  message: string;
  /** Trying the same again is of no use. */
  permanent?: boolean;
  /** How often in a row. */
  count: number;
  at: Date;
}

/** What a run was started with; the controller writes it into the Job's annotations. */
export interface RunIdentity {
  id: string;
  job: string;
  attempt: number;
  inputs: string;
  generation: number;
}

export interface ObservedRun extends RunIdentity {
  createdAt: string;
  /** `gone`: the Job was deleted, but its pod or its log is still known. */
  state: 'active' | 'complete' | 'failed' | 'gone';
  /** The Job controller's word and sentence for a failed Job, for example DeadlineExceeded. */
  failure?: { reason: string; message: string };
  /** Why the Job controller can make no pod, for example a quota. */
  podRefused?: string;
  pod?: ObservedPod;
  log: RunLog;
}

export interface ObservedPod {
  name: string;
  /** Whether the runner's container has ever run. */
  started: boolean;
  /** Why the container does not start: the kubelet's reason and message. */
  waiting?: { reason: string; message: string };
  /** The scheduler's message while no node takes the pod. */
  unschedulable?: string;
  /** Whether it left a termination message. */
  spoke?: boolean;
  terminated?: { exitCode: number; signal?: number; reason?: string; at?: string };
  /** The pod's own reason and message, for example Evicted. */
  failure?: { reason: string; message: string };
  /** ISO 8601: by when the pod should have been gone, once it is being deleted. */
  deleteBy?: string;
}

/** What the pod has said so far. */
export interface RunLog {
  steps: StepReport[];
  step?: StepName;
  progress?: Progress;
  report?: RunReport;
  /** The last lines that are no events: what a migration printed, a stack trace. */
  tail: string[];
  /** Why not all of it was read. */
  unreadable?: string;
  /** Nothing more is to come. */
  complete: boolean;
}

export const EMPTY_LOG: RunLog = { steps: [], tail: [], complete: false };
