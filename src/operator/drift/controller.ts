/**
 * The controller of drift checks. It acts on DatabaseMigrations with `spec.drift`, and is the only writer of
 * `status.drift` and of the condition InSync; the controller of runs writes everything else. It keeps no state.
 */
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import type { Api } from '../../controller-runtime/api.ts';
import { isStatus } from '../../controller-runtime/api-error.ts';
import { fenced, isExpected, type Leadership } from '../../controller-runtime/lease.ts';
import { WorkQueue } from '../../controller-runtime/queue.ts';
import { reflect } from '../../controller-runtime/reflector.ts';
import { type KubernetesObject, Store } from '../../controller-runtime/store.ts';
import { type DriftReport, driftReportSchema } from '../../core/model/drift-check.ts';
import { type DatabaseMigration, KIND } from '../../core/model/resource.ts';
import { type DriftDecision, type DriftJob, decideDrift } from '../../core/reconcile/drift.ts';
import { canonical } from '../../core/reconcile/inputs.ts';
import { applyStatus } from '../apply-status.ts';
import type { Caches } from '../caches.ts';
import { emitEvents } from '../events.ts';
import { driftJob } from '../manifests/drift-job.ts';
import type { RunnerDefaults } from '../manifests/job.ts';
import { ANNOTATIONS, DRIFT_SELECTOR, LABELS, RUNNER_CONTAINER } from '../names.ts';
import { reportIn } from '../run-log.ts';

interface DriftControllerOptions {
  api: Api;
  /** Empty: all namespaces. */
  namespaces: readonly string[];
  /** The resources, which another controller watches. */
  resources: Caches['resources'];
  runner: RunnerDefaults;
  identity: string;
  /** Number of checks at the same time. */
  most: number;
  now(): Date;
  onError(key: string, error: unknown): void;
}

export interface DriftController {
  hasSynced(): boolean;
  /** A resource has changed. */
  touch(key: string): void;
  watch(signal: AbortSignal): Promise<void>;
  lead(leadership: Leadership): void;
  stop(): Promise<void>;
}

interface DriftJobRecord {
  namespace: string;
  name: string;
  owner: string;
  /** `namespace/name` of the resource. */
  resource: string;
  state: DriftJob['state'];
}

const FIELD_MANAGER = 'db-manager-drift';
const WORKERS = 2;
/** When a check that found no free slot is tried again. Milliseconds. */
const QUEUED_MS = 10_000;

export function createDriftController(options: DriftControllerOptions): DriftController {
  const { api, namespaces, resources, now } = options;
  let acting: Api | undefined;
  const queue = new WorkQueue({
    workers: WORKERS,
    work,
    onError(key, error) {
      if (!isExpected(error)) options.onError(key, error);
    },
  });
  const touch = (key: string) => {
    if (acting !== undefined && key !== '') queue.add(key);
  };
  const jobs = new Store<DriftJobRecord>({
    keep: recordOf,
    index: ({ owner }) => owner,
    onChange: ({ before, after }) => touch((after ?? before)?.resource ?? ''),
  });
  const scopes = namespaces.length === 0 ? [''] : namespaces.map((name) => `/namespaces/${encodeURIComponent(name)}`);
  const paths = scopes.map((scope) => `/apis/batch/v1${scope}/jobs`);

  async function work(key: string): Promise<void> {
    const record = resources.get(key);
    if (acting === undefined || record === undefined || record.unreadable !== undefined) return;
    const { resource } = record;
    const decision = decideDrift({ resource, jobs: await jobsOf(acting, resource), now: now() });
    if (decision.start !== undefined && active() >= options.most) return queue.addAfter(key, QUEUED_MS);
    if (decision.start !== undefined) await createJob(acting, resource, decision.start);
    await writeStatus(acting, resource, decision);
    await emitEvents({ kind: KIND, metadata: resource.metadata }, decision.events, {
      api: acting,
      identity: options.identity,
      now,
      onEventError: (error) => options.onError('events', error),
    });
    if (decision.requeueAfter !== undefined) queue.addAfter(key, decision.requeueAfter);
  }

  function active(): number {
    return [...jobs.values()].filter(({ state }) => state === 'active').length;
  }

  async function jobsOf(api: Api, resource: DatabaseMigration): Promise<DriftJob[]> {
    const { drift } = resource.status ?? {};
    const found = jobs.by(resource.metadata.uid ?? '');
    // Only the Job whose result is not recorded is of interest.
    const open = drift?.checkedAt === undefined ? found.find(({ name }) => name === drift?.job) : undefined;
    if (open === undefined) return [];
    const { name, state } = open;
    const report = state === 'active' ? undefined : await reportOf(api, open);
    return [{ name, state, ...(report === undefined ? {} : { report }) }];
  }

  async function createJob(api: Api, resource: DatabaseMigration, name: string): Promise<void> {
    const path = `/apis/batch/v1/namespaces/${resource.metadata.namespace}/jobs`;
    try {
      jobs.put(
        await api.request<KubernetesObject>({ verb: 'create', path, body: driftJob(resource, name, options.runner) }),
      );
    } catch (error) {
      // It was created before a restart, and the cache has not seen it yet.
      if (!isStatus(error, 409)) throw error;
      jobs.put(await api.request<KubernetesObject>({ verb: 'get', path: `${path}/${name}` }));
    }
  }

  /** Server-side apply of the fields of this controller alone, and only if they change. */
  async function writeStatus(
    api: Api,
    { metadata, status }: DatabaseMigration,
    decision: DriftDecision,
  ): Promise<void> {
    if (decision.status === undefined) return;
    const conditions = status?.conditions?.filter(({ type }) => type === 'InSync');
    const current = { drift: status?.drift, conditions: conditions?.length === 0 ? undefined : conditions };
    if (canonical(current) === canonical(decision.status)) return;
    await applyStatus(api, resources, { manager: FIELD_MANAGER }, metadata, decision.status);
  }

  return {
    hasSynced: () => jobs.hasSynced(paths),
    touch,
    async watch(signal) {
      const watched = paths.map((path) =>
        reflect(
          api,
          jobs as Store<unknown>,
          {
            path,
            labelSelector: DRIFT_SELECTOR,
            inTurn: (work) => work(),
            onError: (error) => options.onError(path, error),
          },
          signal,
        ),
      );
      await Promise.all(watched);
    },
    lead(leadership) {
      acting = fenced(api, leadership);
      for (const key of resources.keys()) touch(key);
    },
    stop: () => queue.stop(),
  };
}

function recordOf(object: KubernetesObject): DriftJobRecord {
  const { metadata, status } = object as unknown as V1Job;
  const is = (type: string) =>
    status?.conditions?.some((each) => each.type === type && each.status === 'True') === true;
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    owner: metadata?.labels?.[LABELS.owner] ?? '',
    resource: metadata?.annotations?.[ANNOTATIONS.resource] ?? '',
    state: is('Complete') ? 'complete' : is('Failed') ? 'failed' : 'active',
  };
}

async function reportOf(api: Api, { namespace, name }: DriftJobRecord): Promise<DriftReport | undefined> {
  const { items } = await api.request<{ items: V1Pod[] }>({
    verb: 'list',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { labelSelector: `batch.kubernetes.io/job-name=${name}`, limit: 5 },
  });
  const messages = items.flatMap(({ status }) =>
    (status?.containerStatuses ?? []).flatMap((each) =>
      each.name === RUNNER_CONTAINER ? (each.state?.terminated?.message ?? []) : [],
    ),
  );
  return reportIn(messages.at(-1), driftReportSchema);
}
