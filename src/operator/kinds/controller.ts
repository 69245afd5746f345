/**
 * The controller of the kinds next to DatabaseMigration. It watches, asks the kind for its decision, and carries it out;
 * it knows no kind. Like the controller of migrations it reads all state from the API server, so a restart loses nothing.
 */
import type { V1Job } from '@kubernetes/client-node';
import type { Api } from '../../controller-runtime/api.ts';
import { ignoring } from '../../controller-runtime/api-error.ts';
import { fenced, isExpected, type Leadership } from '../../controller-runtime/lease.ts';
import { WorkQueue } from '../../controller-runtime/queue.ts';
import { reflect } from '../../controller-runtime/reflector.ts';
import { type KubernetesObject, Store } from '../../controller-runtime/store.ts';
import { API_VERSION } from '../../core/model/resource.ts';
import { type Allowed, notAllowed } from '../../core/reconcile/allowed.ts';
import { inUse, QUEUED } from '../../core/reconcile/assess.ts';
import { canonical, databaseKey } from '../../core/reconcile/inputs.ts';
import { KINDS } from '../../kinds/index.ts';
import type { AnyKind, CommonStatus, Resource, Waits } from '../../kinds/kind.ts';
import { jobNameOf } from '../../kinds/names.ts';
import { applyStatus } from '../apply-status.ts';
import type { SharedSlots } from '../controller.ts';
import { emitEvents } from '../events.ts';
import type { RunnerDefaults } from '../manifests/job.ts';
import { taskJob } from '../manifests/task-job.ts';
import { FIELD_MANAGER, TASK_SELECTOR } from '../names.ts';
import type { JobRecord } from '../run-records.ts';
import { type Tasks, taskKey } from '../slots.ts';
import { TaskJobs } from './tasks.ts';

interface KindControllerOptions {
  api: Api;
  /** Empty: all namespaces. */
  namespaces: readonly string[];
  runner: RunnerDefaults;
  identity: string;
  now(): Date;
  /** Shared with the runs of migrations. */
  slots: SharedSlots;
  /** Absent: everything is allowed. */
  allowed?: Allowed;
  onEnd(end: TaskEnd): void;
  onError(key: string, error: unknown): void;
}

/** A backup or restore whose result is in its status now. */
interface TaskEnd {
  kind: string;
  key: string;
  result: 'succeeded' | 'failed';
  reason: string;
}

interface KindController {
  hasSynced(): boolean;
  tasks: Tasks;
  /** Resources of a kind, for metrics. */
  resources(kind: string): Iterable<Resource>;
  watch(signal: AbortSignal): Promise<void>;
  lead(leadership: Leadership): void;
  stop(): Promise<void>;
}

const WORKERS = 8;

export function createKindController(options: KindControllerOptions): KindController {
  const { api, namespaces, now } = options;
  let acting: Api | undefined;
  const queue = new WorkQueue({
    workers: WORKERS,
    work,
    groupOf: (key) => key.split('/')[1] ?? '',
    onError(key, error) {
      if (!isExpected(error)) options.onError(key, error);
    },
  });
  const touch = (key: string) => {
    if (acting !== undefined && key !== '') queue.add(key);
  };
  const stores = new Map(
    KINDS.map((kind) => [
      kind.kind,
      {
        kind,
        store: new Store<Resource>({
          keep: (object) => object as unknown as Resource,
          index: ({ metadata }) => ownerOf(metadata),
          onChange({ before, after }) {
            touch(keyOf(kind.kind, after ?? before));
            for (const parent of KINDS.filter(({ children }) => children === kind.kind)) {
              const owner = ownerOf((after ?? before)?.metadata);
              const found = [...(stores.get(parent.kind)?.store.values() ?? [])].find(
                ({ metadata }) => metadata.uid === owner,
              );
              if (found !== undefined) touch(keyOf(parent.kind, found));
            }
          },
        }),
      },
    ]),
  );
  const jobs = new TaskJobs(touch, () => options.slots.freed());
  const scopes = namespaces.length === 0 ? [''] : namespaces.map((name) => `/namespaces/${encodeURIComponent(name)}`);
  const watched = scopes.flatMap((scope) => [
    ...[...stores.values()].map(({ kind, store }) => ({
      store: store as unknown as Store<unknown>,
      path: `/apis/${API_VERSION}${scope}/${kind.plural}`,
    })),
    {
      store: jobs.store as unknown as Store<unknown>,
      path: `/apis/batch/v1${scope}/jobs`,
      labelSelector: TASK_SELECTOR,
    },
  ]);

  async function work(key: string): Promise<void> {
    if (acting === undefined) return;
    const [namespace = '', kindName = '', name = ''] = key.split('/');
    const entry = stores.get(kindName);
    const object = entry?.store.get(`${namespace}/${name}`);
    if (entry === undefined || object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    const { kind } = entry;
    const parsed = kind.spec.safeParse(object.spec);
    // Written with a newer CRD: another version of the operator handles it.
    if (!parsed.success) return options.onError(key, new Error(`the spec cannot be read: ${parsed.error.message}`));
    const resource: Resource = { ...object, apiVersion: API_VERSION, kind: kind.kind, spec: parsed.data };
    const label = databaseLabel(kind, resource);
    const job = jobNameOf(resource);
    const task = await jobs.stateOf(acting, resource, job);
    // Nothing is awaited between here and `promise`, so two resources cannot take the same slot or database.
    const disallowed = notAllowed(resource as Parameters<typeof notAllowed>[0], options.allowed ?? {});
    const decision = kind.decide({
      resource,
      task,
      ...(disallowed === undefined ? {} : { disallowed }),
      waits: label === undefined ? undefined : waitsFor(key, label),
      children: childrenOf(kind, object.metadata.uid),
      find: (kind, name) => stores.get(kind)?.store.get(`${namespace}/${name}`),
      now: now(),
    });
    if (decision.start !== undefined && label !== undefined) {
      options.slots.reserve(key, label);
      try {
        const body = taskJob(resource, job, decision.start, label, options.runner);
        await create(acting, `/apis/batch/v1/namespaces/${namespace}/jobs`, body, jobs.store);
      } finally {
        options.slots.release(key);
      }
    }
    for (const child of decision.create ?? []) {
      const plural = stores.get(child.kind)?.kind.plural;
      const owner = {
        apiVersion: API_VERSION,
        kind: kind.kind,
        name,
        uid: object.metadata.uid ?? '',
        controller: true,
      };
      const metadata = { ...child.metadata, ownerReferences: [owner] };
      const path = `/apis/${API_VERSION}/namespaces/${namespace}/${plural}`;
      await create(acting, path, { ...child, metadata }, stores.get(child.kind)?.store);
    }
    if (canonical(decision.status) !== canonical(resource.status ?? {})) {
      const manager = { manager: FIELD_MANAGER, kind: kind.kind, plural: kind.plural };
      await applyStatus(acting, entry.store, manager, resource.metadata, decision.status);
    }
    await emitEvents(resource, decision.events, {
      api: acting,
      identity: options.identity,
      now,
      onEventError: (error) => options.onError('events', error),
    });
    for (const child of decision.remove ?? []) {
      const path = `/apis/${API_VERSION}/namespaces/${namespace}/${stores.get(child.kind)?.kind.plural}/${child.metadata.name}`;
      await acting.request({ verb: 'delete', path }).catch(ignoring(404));
    }
    const { finishedAt, reason = 'Succeeded' } = decision.status as EndedStatus;
    if (
      kind.database !== undefined &&
      finishedAt !== undefined &&
      (object.status as EndedStatus)?.finishedAt === undefined
    ) {
      options.onEnd({ kind: kind.kind, key, result: task?.report?.result ?? 'failed', reason });
    }
    if (decision.requeueAfter !== undefined) queue.addAfter(key, decision.requeueAfter);
  }

  function childrenOf(kind: AnyKind, uid = ''): Resource[] {
    const children = kind.children === undefined ? [] : (stores.get(kind.children)?.store.by(uid) ?? []);
    return [...children]
      .map((child) => ({ ...child, kind: kind.children ?? '' }))
      .sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
  }

  function waitsFor(key: string, label: string): Waits | undefined {
    const { databaseInUseBy, slot } = options.slots.check(key, label);
    if (databaseInUseBy !== undefined) return { reason: 'DatabaseInUse', message: inUse(databaseInUseBy) };
    return slot.kind === 'free' ? undefined : { reason: 'Queued', message: QUEUED[slot.by] };
  }

  function* queued(): Generator<string> {
    for (const { store } of stores.values()) {
      for (const { metadata, status } of store.values()) {
        const ready = (status as CommonStatus | undefined)?.conditions?.find(({ type }) => type === 'Ready');
        if (ready?.reason === 'Queued') yield metadata.namespace ?? '';
      }
    }
  }

  return {
    tasks: { active: () => jobs.active(now()), queued },
    hasSynced: () => watched.every(({ store, path }) => store.hasSynced([path])),
    resources: (kind) => stores.get(kind)?.store.values() ?? [],
    async watch(signal) {
      const report = (path: string) => ({ onError: (error: unknown) => options.onError(path, error) });
      await Promise.all(
        watched.map(({ store, ...rest }) =>
          reflect(api, store, { ...rest, ...report(rest.path), inTurn: (work) => work() }, signal),
        ),
      );
    },
    lead(leadership) {
      acting = fenced(api, leadership);
      for (const { kind, store } of stores.values()) for (const each of store.values()) touch(keyOf(kind.kind, each));
    },
    stop: () => queue.stop(),
  };
}

interface EndedStatus {
  finishedAt?: string;
  reason?: string;
}

function keyOf(kind: string, resource: Resource | undefined): string {
  return taskKey({ namespace: resource?.metadata.namespace ?? '', kind, name: resource?.metadata.name ?? '' });
}

function ownerOf(metadata: Resource['metadata'] | undefined): string | undefined {
  return (metadata as V1Job['metadata'])?.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

/** The same label as on the Jobs of migrations, so that they see each other. */
function databaseLabel(kind: AnyKind, { spec, metadata }: Resource): string | undefined {
  const database = kind.database?.(spec);
  if (database === undefined) return undefined;
  return databaseKey({ metadata, spec: { database } } as unknown as Parameters<typeof databaseKey>[0]);
}

async function create(
  api: Api,
  path: string,
  body: object,
  store: Store<never> | Store<Resource> | Store<JobRecord> | undefined,
) {
  // 409: it was created before a restart, and the cache has not seen it yet.
  const made = await api.request<KubernetesObject>({ verb: 'create', path, body }).catch(ignoring(409));
  if (made !== undefined) store?.put(made);
}
