import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import type { Reason } from '../core/model/reason.ts';
import { API_VERSION, type DatabaseMigration, databaseMigrationSchema } from '../core/model/resource.ts';
import { configMapsOf } from '../core/reconcile/inputs.ts';

/**
 * A resource as this version reads it. What is asked of all of them at once (metrics, who waits, who depends on whom)
 * lies open; the rest is packed, since a status with its history and findings takes 30 KB as objects and 2 KB so, and
 * only the few resources that are looked at are unpacked.
 */
export class ResourceRecord {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Names of the ConfigMaps and the resources, in its namespace, that it rests on. */
  readonly configMaps: readonly string[];
  readonly dependsOn: readonly string[];
  readonly ready: { status: string; reason: string; generation: number | undefined } | undefined;
  readonly stalled: boolean;
  /** Its run is due, and something else has to happen before its pod can begin. */
  readonly waits: boolean;
  readonly pending: number | undefined;
  readonly backup: { sizeBytes: number; takenAt: string } | undefined;
  readonly run: { id: string; startedAt?: string; finishedAt?: string } | undefined;
  /** Changes when a dependent may have something else to decide on. */
  readonly readiness: string;
  /** Why it cannot be read, where that is so. */
  readonly unreadable: string | undefined;
  readonly #packed: Uint8Array;

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
    this.readiness = `${ready?.status} ${ready?.observedGeneration === metadata.generation} ${status?.pending}`;
    this.unreadable = unreadable;
    this.#packed = packed(resource);
  }

  /** Not to be changed: others are given the same. */
  get resource(): DatabaseMigration {
    const known = recent.get(this);
    if (known !== undefined) return known;
    const resource = JSON.parse(inflateRawSync(this.#packed).toString()) as DatabaseMigration;
    recent.set(this, resource);
    for (const oldest of recent.keys()) {
      if (recent.size <= RECENT) break;
      recent.delete(oldest);
    }
    return resource;
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

/** Those that were unpacked last: one reconcile asks for the same a few times. */
const recent = new Map<ResourceRecord, DatabaseMigration>();
const RECENT = 32;

function packed(resource: DatabaseMigration): Uint8Array {
  // Copied, because zlib's answer is a window on a chunk of 16 KiB that it would keep alive; and not into a Buffer,
  // because small ones share slabs of 64 KiB with whatever passes, and would each keep one alive.
  return new Uint8Array(deflateRawSync(JSON.stringify(resource), { level: 1 }));
}

/**
 * The API server has checked the resource against the CRD; what does not parse was written under a newer or an older
 * one. Its spec is kept as it is, so that a run that is under way can still be followed to its end.
 */
function parseResource(object: KubernetesObject): { resource: DatabaseMigration; unreadable?: string } {
  const parsed = databaseMigrationSchema.safeParse(object);
  if (parsed.success) return { resource: parsed.data };
  const [issue] = parsed.error.issues;
  const message = `${issue?.path.join('.') ?? 'the resource'}: ${issue?.message ?? 'cannot be read'}. Update the CRD and the operator to the same version.`;
  const { status: _, ...withoutStatus } = object as KubernetesObject & { status?: unknown };
  const again = databaseMigrationSchema.safeParse(withoutStatus);
  // A status of another version is written anew; the database tells what was done.
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
