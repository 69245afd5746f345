import { API_VERSION, type DatabaseMigration, databaseMigrationSchema, PLURAL } from '../core/model/resource.ts';
import { configMapsOf } from '../core/reconcile/inputs.ts';
import type { Api } from './api.ts';
import { MANAGED_SELECTOR } from './names.ts';
import { reflect } from './reflector.ts';
import { type JobRecord, jobRecord, type PodRecord, podRecord } from './run-records.ts';
import { type KubernetesObject, Store } from './store.ts';

/** A resource as this version reads it, and why it cannot where that is so. */
export interface ResourceRecord {
  resource: DatabaseMigration;
  unreadable?: string;
}

export interface Caches {
  resources: Store<ResourceRecord>;
  jobs: Store<JobRecord>;
  pods: Store<PodRecord>;
  /** Of ConfigMaps only the version is known: their content never comes to the controller. */
  configMaps: Store<string>;
  hasSynced(): boolean;
  /** Watches until the signal aborts. */
  run(api: Api, signal: AbortSignal, onError: (path: string, error: unknown) => void): Promise<void>;
}

/** `touched` is told the keys of the resources that a change may concern. */
export function createCaches(namespaces: readonly string[], touched: (key: string) => void): Caches {
  const namesOf = new Map<string, Set<string>>();
  const resources: Store<ResourceRecord> = new Store({
    keep: parseResource,
    index: ({ resource }) => resource.metadata.namespace,
    onChange: ({ key, before, after }) => {
      touched(key);
      const namespace = key.slice(0, key.indexOf('/'));
      if (after === undefined) namesOf.delete(key);
      else namesOf.set(key, new Set(configMapsOf(after.resource.spec)));
      if (readiness(before) === readiness(after)) return;
      const name = key.slice(namespace.length + 1);
      for (const { resource } of resources.by(namespace)) {
        if (resource.spec.dependsOn.some((each) => each.name === name))
          touched(`${namespace}/${resource.metadata.name}`);
      }
    },
  });
  const jobs = new Store<JobRecord>({
    keep: jobRecord,
    index: ({ owner }) => owner,
    onChange: ({ before, after }) => {
      touched(after?.resource ?? before?.resource ?? '');
      const wasActive = before?.state === 'active';
      if (!wasActive || after?.state === 'active') return;
      // A place has become free, and perhaps a database.
      for (const { resource } of resources.values()) if (isWaiting(resource)) touched(keyOfResource(resource));
    },
  });
  const pods = new Store<PodRecord>({
    keep: podRecord,
    index: ({ owner }) => owner,
    onChange: ({ before, after }) => touched(after?.resource ?? before?.resource ?? ''),
  });
  const configMaps = new Store<string>({
    keep: ({ metadata }) => metadata.resourceVersion ?? '',
    onChange: ({ key }) => {
      const [namespace = '', name = ''] = key.split('/');
      for (const { resource } of resources.by(namespace)) {
        const owner = keyOfResource(resource);
        if (namesOf.get(owner)?.has(name) === true) touched(owner);
      }
    },
  });

  const scopes = namespaces.length === 0 ? [''] : namespaces.map((name) => `/namespaces/${encodeURIComponent(name)}`);
  const watched = scopes.flatMap((scope) => [
    { store: resources, path: `/apis/${API_VERSION}${scope}/${PLURAL}` },
    { store: jobs, path: `/apis/batch/v1${scope}/jobs`, labelSelector: MANAGED_SELECTOR },
    { store: pods, path: `/api/v1${scope}/pods`, labelSelector: MANAGED_SELECTOR },
    { store: configMaps, path: `/api/v1${scope}/configmaps`, metadataOnly: true },
  ]);
  return {
    resources,
    jobs,
    pods,
    configMaps,
    hasSynced: () => watched.every(({ store, path }) => store.hasSynced([path])),
    async run(api, signal, onError) {
      await Promise.all(
        watched.map(({ store, ...options }) =>
          // The stores differ in what they keep, which a reflector does not look at.
          reflect(
            api,
            store as Store<unknown>,
            { ...options, onError: (error) => onError(options.path, error) },
            signal,
          ),
        ),
      );
    },
  };
}

export function keyOfResource({ metadata }: DatabaseMigration): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/**
 * The API server has checked the resource against the CRD; what does not parse was written under a newer or an older
 * one. Its spec is kept as it is, so that a run that is under way can still be followed to its end.
 */
function parseResource(object: KubernetesObject): ResourceRecord {
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
    backup: { enabled: false },
  },
});

function readiness(record: ResourceRecord | undefined): string {
  const { status, metadata } = record?.resource ?? {};
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return `${record !== undefined} ${ready?.status} ${ready?.observedGeneration === metadata?.generation} ${status?.pending}`;
}

function isWaiting({ status }: DatabaseMigration): boolean {
  const reason = status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  return reason === 'Queued' || reason === 'DatabaseInUse';
}
