/**
 * A kind of resource next to DatabaseMigration. A folder defines one: its schema, its printer columns and a pure function
 * that decides. The operator does the rest in the same way for each kind.
 */
import type { z } from 'zod';
import type { Reason } from '../core/model/reason.ts';
import type { metadataSchema } from '../core/model/resource.ts';
import type { TaskReport, TaskRequest } from '../core/model/task.ts';
import type { BackupSource, commonStatus, TaskDatabase } from './task-spec.ts';

type Metadata = z.infer<typeof metadataSchema>;

export interface Resource<Spec = unknown, Status = unknown> {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec: Spec;
  status?: Status;
}

export type CommonStatus = z.infer<z.ZodObject<typeof commonStatus>>;

/** The one Job of a resource. */
export interface TaskState {
  state: 'active' | 'complete' | 'failed';
  /** Why its pod does not start. */
  waiting?: { reason: Reason; message: string };
  report?: TaskReport;
}

export interface Waits {
  reason: 'DatabaseInUse' | 'Queued';
  message: string;
}

export interface Observation<Spec, Status> {
  resource: Resource<Spec, Status>;
  task?: TaskState;
  /** Why its Job cannot start now. */
  waits?: Waits;
  /** A sentence about a value that the configuration of the operator does not allow. */
  disallowed?: string;
  /** Resources of the kind `children` that belong to this one, oldest first. */
  children: Resource[];
  /** A resource of this namespace by kind and name. */
  find(kind: string, name: string): Resource | undefined;
  now: Date;
}

/** What a Job needs in addition to its request. */
export interface TaskPod {
  database: TaskDatabase;
  source: BackupSource;
  request: (places: { database: TaskRequest['database']; place: string }) => TaskRequest;
}

export interface KindDecision<Status> {
  status: Status & CommonStatus;
  /** Create the Job of this resource. */
  start?: TaskPod;
  /** Create these children, which this resource owns. */
  create?: Resource[];
  /** Delete these children. */
  remove?: Resource[];
  /** Milliseconds. */
  requeueAfter?: number;
  events: { type: 'Normal' | 'Warning'; reason: Reason; message: string; key: string }[];
}

interface KindDefinition<Spec = never, Status = never> {
  kind: string;
  plural: string;
  shortName: string;
  description: string;
  spec: z.ZodType<Spec>;
  status: z.ZodType<Status>;
  columns: { name: string; type: string; jsonPath: string; description: string; priority?: number }[];
  /** The kind that it creates. */
  children?: string;
  /** The database that its Job works on. */
  database?(spec: Spec): TaskDatabase;
  decide(observed: Observation<Spec, Status>): KindDecision<Status>;
}

/** Without the types of one kind, for lists of kinds. */
export type AnyKind = Omit<KindDefinition<object, object>, 'decide' | 'database' | 'spec' | 'status'> & {
  spec: z.ZodType;
  status: z.ZodType;
  database?(spec: unknown): TaskDatabase;
  decide(observed: Observation<unknown, unknown>): KindDecision<object>;
};

export function defineKind<Spec, Status>(kind: KindDefinition<Spec, Status>): AnyKind {
  return kind as unknown as AnyKind;
}
