import type { KubernetesObject } from '../controller-runtime/store.ts';
import type { Reason } from '../core/model/reason.ts';
import { API_VERSION, type DatabaseMigration, databaseMigrationSchema } from '../core/model/resource.ts';
import { configMapsOf } from '../core/reconcile/inputs.ts';

/** A resource as this version reads it, with the fields that are read for all resources: metrics, queue, dependencies. */
export class ResourceRecord {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Names of the ConfigMaps and the resources in its namespace that it depends on. */
  readonly configMaps: readonly string[];
  readonly dependsOn: readonly string[];
  readonly ready: { status: string; reason: string; generation: number | undefined } | undefined;
  readonly stalled: boolean;
  /** Its run is due, but something else has to happen before its pod can start. */
  readonly waits: boolean;
  readonly pending: number | undefined;
  readonly backup: { sizeBytes: number; takenAt: string } | undefined;
  readonly run: { id: string; startedAt?: string; finishedAt?: string } | undefined;
  readonly drift: { total?: number; checkedAt?: string } | undefined;
  /** Changes if the decision for a dependent may change. */
  readonly readiness: string;
  /** Why it cannot be read, if so. */
  readonly unreadable: string | undefined;
  /** Do not modify: the object is shared with other callers. */
  readonly resource: DatabaseMigration;

  constructor(object: KubernetesObject) {
    const { resource, unreadable } = parseResource(object);
    const { metadata, spec, status } = resource;
    const condition = (type: string) => status?.conditions?.find((each) => each.type === type);
    const ready = condition('Ready');
    this.namespace = metadata.namespace ?? '';
    this.name = metadata.name;
    this.key = `${this.namespace}/${this.name}`;
    this.uid = metadata.uid ?? '';
    this.configMaps = configMapsOf(spec);
    this.dependsOn = spec.dependsOn.map(({ name }) => name);
    this.ready = ready && { status: ready.status, reason: ready.reason, generation: ready.observedGeneration };
    this.stalled = condition('Stalled')?.status === 'True';
    this.waits = WAITING.has(ready?.reason ?? '');
    this.pending = status?.pending;
    this.backup = status?.backup && { sizeBytes: status.backup.sizeBytes, takenAt: status.backup.takenAt };
    const { run } = status ?? {};
    this.run = run && { id: run.id, startedAt: run.startedAt, finishedAt: run.finishedAt };
    const { drift } = status ?? {};
    this.drift = drift && { total: drift.total, checkedAt: drift.checkedAt };
    this.readiness = `${ready?.status} ${ready?.observedGeneration === metadata.generation} ${status?.pending}`;
    this.unreadable = unreadable;
    this.resource = resource;
  }
}

const WAITING = new Set<string>([
  'Queued',
  'DatabaseInUse',
  'WaitingForDependency',
  'OutsideWindow',
  'ReferenceNotFound',
  'ImagePullFailed',
  'PodUnschedulable',
  'JobRefused',
] satisfies Reason[]);

/**
 * The API server has validated the resource against the CRD. A resource that does not parse was written with a newer or
 * an older CRD. Its spec is kept unchanged, so that a run in progress can still be followed to its end.
 */
function parseResource(object: KubernetesObject): { resource: DatabaseMigration; unreadable?: string } {
  const parsed = databaseMigrationSchema.safeParse(object);
  if (parsed.success) return { resource: parsed.data };
  const [issue] = parsed.error.issues;
  const message = `${issue?.path.join('.') ?? 'the resource'}: ${issue?.message ?? 'cannot be read'}. Update the CRD and the operator to the same version.`;
  const { status: _, ...withoutStatus } = object as KubernetesObject & { status?: unknown };
  const again = databaseMigrationSchema.safeParse(withoutStatus);
  // A status of another version is rewritten; the database shows what was done.
  if (again.success) return { resource: again.data };
  return {
    resource: { ...BLANK, ...(withoutStatus as object), spec: BLANK.spec } as DatabaseMigration,
    unreadable: message,
  };
}

const BLANK = databaseMigrationSchema.parse({
  apiVersion: API_VERSION,
  kind: 'DatabaseMigration',
  metadata: { name: 'x' },
  spec: {
    database: { urlFrom: { secretKeyRef: { name: 'x', key: 'x' } } },
    migrations: { runnerImage: { path: '/' } },
    backup: { mode: 'Disabled' },
  },
});
