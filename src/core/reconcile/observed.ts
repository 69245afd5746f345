/**
 * The decisions of a reconcile: observed state -> situation -> actions. Pure: no clock, no I/O; imports only
 * core/model. `operator/` collects an `Observed` and executes a `Decision`; the sidecar does the same over files.
 */
import type { Reason } from '../model/reason.ts';
import type { Progress, RunReport, StepReport } from '../model/report.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import type { StepName } from '../model/step.ts';

/** All inputs of a decision about one resource, as seen at one moment. */
export interface Observed {
  /** Who decides. The operator leaves `execution: Sidecar` to a sidecar, which reads files and not the API server. */
  controller: 'operator' | 'sidecar';
  resource: DatabaseMigration;
  /** A setting of the spec that this controller does not support: see `sidecarConflict`. */
  unsupported?: string;
  /** Why this version cannot read the spec; absent if it can. */
  unreadable?: string;
  /** A value that the operator does not allow: see `notAllowed`. */
  disallowed?: string;
  /** Digest of the inputs of a run of this resource: see `inputsDigest`. */
  inputs: string;
  /** The same digest as `RunIdentity.references`, now; only if the last run may be repeated after a change. */
  references?: string;
  /** Why drift of the schema blocks the next run: see `blockingDrift`. */
  blockingDrift?: string;
  /** ConfigMaps that the spec references and that do not exist. */
  missingSources: string[];
  dependencies: Dependency[];
  /** The newest Job of this resource, or its remaining objects. */
  run?: ObservedRun;
  /** ID of the run whose Job this controller deleted because its pod had not started. */
  withdrawn?: string;
  /** The message of the API server when it refused to create the Job for these inputs. */
  refusal?: Refusal;
  /** The resource with a run on the same database. A resource of another namespace is not named. */
  databaseInUseBy?: { name: string; kind?: string } | 'otherNamespace';
  /** Whether another run may start, and which limit is reached: see `Slots`. */
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
  /** The same request would fail again. */
  permanent?: boolean;
  /** How often in a row. */
  count: number;
  at: Date;
}

/** The identity of a run; the controller writes it into the annotations of the Job. */
export interface RunIdentity {
  id: string;
  job: string;
  attempt: number;
  inputs: string;
  generation: number;
  /** Digest of the versions of the Secrets, claims and ConfigMaps at the creation of the Job, if known. */
  references?: string;
}

export interface ObservedRun extends RunIdentity {
  createdAt: string;
  /** `gone`: the Job was deleted, but its pod or its log is still known. */
  state: 'active' | 'complete' | 'failed' | 'gone';
  /** Reason and message of the Job controller for a failed Job, for example DeadlineExceeded. */
  failure?: { reason: string; message: string };
  /** Why the Job controller cannot create a pod, for example because of a quota. */
  podRefused?: string;
  pod?: ObservedPod;
  log: RunLog;
}

export interface ObservedPod {
  name: string;
  /** Whether the container of the runner has ever started. */
  started: boolean;
  /** Why the container does not start: the kubelet's reason and message. */
  waiting?: { reason: string; message: string };
  /** Names of the claims that the pod mounts. */
  claims?: string[];
  /** The message of the scheduler while the pod cannot be scheduled. */
  unschedulable?: string;
  /** Whether the container wrote a termination message. */
  spoke?: boolean;
  terminated?: { exitCode: number; signal?: number; reason?: string; at?: string };
  /** Reason and message of the pod, for example Evicted. */
  failure?: { reason: string; message: string };
  /** ISO 8601: if the pod is being deleted, the time by which it should be gone. */
  deleteBy?: string;
}

/** What the pod has reported so far. */
export interface RunLog {
  steps: StepReport[];
  step?: StepName;
  progress?: Progress;
  report?: RunReport;
  /** The last lines that are not events: the output of a migration, a stack trace. */
  tail: string[];
  /** Why the log was not read completely. */
  unreadable?: string;
  /** The log is complete. */
  complete: boolean;
}

export const EMPTY_LOG: RunLog = { steps: [], tail: [], complete: false };
