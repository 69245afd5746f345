import type { Api } from '../controller-runtime/api.ts';
import { reflect } from '../controller-runtime/reflector.ts';
import { Store } from '../controller-runtime/store.ts';
import { API_VERSION, PLURAL } from '../core/model/resource.ts';
import { MANAGED_SELECTOR } from './names.ts';
import { ResourceRecord } from './resource-record.ts';
import { ReverseIndex } from './reverse-index.ts';
import { type JobRecord, jobRecord, ownerKey, type PodRecord, podRecord } from './run-records.ts';

export interface Caches {
  resources: Store<ResourceRecord>;
  jobs: Store<JobRecord>;
  pods: Store<PodRecord>;
  /** Only the versions of ConfigMaps: the controller never receives their content. */
  configMaps: Store<string>;
  /** Keys of the Jobs that are not known to have ended. */
  activeJobs: ReadonlySet<string>;
  /** Keys of the resources that wait for a slot or for a database. */
  waiting: ReadonlySet<string>;
  /** Namespaces with a resource that waits for a slot. */
  queued(): ReadonlySet<string>;
  /** All Jobs that were created for a resource with this key, including an earlier resource of the same name. */
  jobsOf(key: string): JobRecord[];
  hasSynced(): boolean;
  /** Watches until the signal aborts. */
  run(api: Api, signal: AbortSignal, onError: (path: string, error: unknown) => void): Promise<void>;
}

/** `touched` receives the keys of the resources that a change may affect. */
export function createCaches(namespaces: readonly string[], touched: (key: string) => void): Caches {
  const readers = new ReverseIndex();
  const dependents = new ReverseIndex();
  const waiting = new Set<string>();
  const queued = new Counts();
  const activeJobs = new Set<string>();
  const made = new ReverseIndex();
  const resources: Store<ResourceRecord> = new Store({
    keep: (object) => new ResourceRecord(object),
    onChange: ({ key, before, after }) => {
      touched(key);
      const within = (names: readonly string[] = []) => names.map((name) => `${after?.namespace}/${name}`);
      readers.set(key, within(after?.configMaps));
      dependents.set(key, within(after?.dependsOn));
      if (isWaiting(after)) waiting.add(key);
      else waiting.delete(key);
      if (isQueued(before)) queued.add(before?.namespace ?? '', -1);
      if (isQueued(after)) queued.add(after?.namespace ?? '', 1);
      if (before?.readiness !== after?.readiness) for (const dependent of dependents.of(key)) touched(dependent);
    },
  });
  const jobs = new Store<JobRecord>({
    keep: jobRecord,
    index: ({ namespace, owner }) => ownerKey(namespace, owner),
    onChange: ({ key, before, after }) => {
      if (after?.state === 'active') activeJobs.add(key);
      else activeJobs.delete(key);
      made.set(key, after === undefined ? [] : [after.resource]);
      touched(after?.resource ?? before?.resource ?? '');
      // A slot is free now, and perhaps a database.
      if (before?.state === 'active' && after?.state !== 'active') for (const each of [...waiting]) touched(each);
    },
  });
  const pods = new Store<PodRecord>({
    keep: podRecord,
    index: ({ namespace, owner }) => ownerKey(namespace, owner),
    onChange: ({ before, after }) => touched(after?.resource ?? before?.resource ?? ''),
  });
  const configMaps = new Store<string>({
    keep: ({ metadata }) => metadata.resourceVersion ?? '',
    onChange: ({ key }) => {
      for (const reader of readers.of(key)) touched(reader);
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
    activeJobs,
    waiting,
    queued: () => queued.keys,
    jobsOf: (key) => made.of(key).flatMap((job) => jobs.get(job) ?? []),
    hasSynced: () => watched.every(({ store, path }) => store.hasSynced([path])),
    async run(api, signal, onError) {
      let before: Promise<unknown> = Promise.resolve();
      const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
        const mine = before.then(work);
        before = mine.catch(() => {});
        return mine;
      };
      await Promise.all(
        watched.map(({ store, ...options }) =>
          // The stores differ in the fields that they keep, which a reflector does not read.
          reflect(
            api,
            store as Store<unknown>,
            { ...options, inTurn, onError: (error) => onError(options.path, error) },
            signal,
          ),
        ),
      );
    },
  };
}

/** Keys with a count above 0. */
class Counts {
  readonly #counts = new Map<string, number>();
  /** Changes when the counts change. */
  readonly keys = new Set<string>();

  add(key: string, change: 1 | -1): void {
    const count = (this.#counts.get(key) ?? 0) + change;
    if (count > 0) {
      this.#counts.set(key, count);
      this.keys.add(key);
    } else {
      this.#counts.delete(key);
      this.keys.delete(key);
    }
  }
}

function isQueued(record: ResourceRecord | undefined): boolean {
  return record?.ready?.reason === 'Queued';
}

function isWaiting(record: ResourceRecord | undefined): boolean {
  return isQueued(record) || record?.ready?.reason === 'DatabaseInUse';
}

/** Whether the end of a run is recorded in the status of its resource. */
export function isRecorded(key: string, runId: string, { caches }: { caches: Pick<Caches, 'resources'> }): boolean {
  const status = caches.resources.get(key)?.resource.status;
  if (status?.run?.id === runId) return status.run.finishedAt !== undefined;
  return status?.history?.some(({ run }) => run === runId) === true;
}
