import type { Api } from '../controller-runtime/api.ts';
import type { DatabaseMigration } from '../core/model/resource.ts';
import { type Allowed, notAllowed } from '../core/reconcile/allowed.ts';
import { dependenciesOf } from '../core/reconcile/dependencies.ts';
import { blockingDrift } from '../core/reconcile/drift.ts';
import { configMapsOf, databaseKey, inputsDigest } from '../core/reconcile/inputs.ts';
import { EMPTY_LOG, type Observed, type ObservedRun } from '../core/reconcile/observed.ts';
import type { Cleaning } from '../core/reconcile/redact.ts';
import { hasRetryLeft } from '../core/reconcile/retry.ts';
import { refreshFromApiServer } from './cache-refresh.ts';
import { type Caches, isRecorded } from './caches.ts';
import { type LogFollowers, runKey } from './logs.ts';
import { referencesDigest } from './references.ts';
import type { ResourceTracker } from './resource-tracker.ts';
import { type JobRecord, newestRun, ownerKey, terminationReport } from './run-records.ts';
import type { Slots } from './slots.ts';

export interface Sources {
  api: Api;
  caches: Caches;
  logs: LogFollowers;
  slots: Slots;
  tracker: ResourceTracker;
  allowed: Allowed;
}

/** What `observe` needs and only a request can answer. */
interface Fetched {
  podRefused?: string;
  /** The run that has certainly ended; the final state of its pod is in the caches. */
  over?: string;
  /** See `Observed.references`. */
  references?: string;
}

/** If a Job has no pod for longer than this, only its events give the reason. Milliseconds. */
const POD_GRACE_MS = 2_000;

/**
 * The part of observing that needs the network: the end of a log, and the reason why a Job has no pod. `reading`: the
 * end of a log is not known yet.
 */
export async function fetchObservations(key: string, sources: Sources, now: Date): Promise<Fetched | 'reading'> {
  const over = await refreshFromApiServer(key, inputsNow(key, sources), sources);
  const record = sources.caches.resources.get(key);
  const owner = ownerKey(record?.namespace, record?.uid);
  const pods = sources.caches.pods.by(owner);
  let reading = false;
  for (const { namespace, pod, run } of pods) {
    if (!pod.started || isRecorded(key, run.id, sources)) continue;
    const podToFollow = { namespace, name: pod.name, resource: key, runId: run.id, cleaning: cleaningOf(key, sources) };
    sources.logs.follow(podToFollow);
    if (pod.terminated !== undefined || pod.failure !== undefined) reading = !sources.logs.end(podToFollow) || reading;
  }
  if (reading) return 'reading';
  const waiting = sources.caches.jobs
    .by(owner)
    .find(
      ({ state, run, createdAt }) =>
        state === 'active' &&
        now.getTime() - Date.parse(createdAt) > POD_GRACE_MS &&
        !pods.some((each) => each.run.id === run.id) &&
        !isRecorded(key, run.id, sources),
    );
  const references = await referencesNow(key, sources);
  return {
    ...(over === undefined ? {} : { over }),
    ...(references === undefined ? {} : { references }),
    ...(waiting === undefined ? {} : { podRefused: await refusalOf(waiting, sources.api) }),
  };
}

/**
 * Everything that is known about a resource now; undefined if it is deleted. No I/O: nothing changes while it reads.
 */
export function observe(
  key: string,
  { podRefused, over, references }: Fetched,
  sources: Sources,
  now: Date,
): Observed | undefined {
  const { caches, slots, tracker } = sources;
  const record = caches.resources.get(key);
  if (record === undefined) return undefined;
  const { unreadable } = record;
  const resource = withoutOthers(record.resource);
  const blocked = blockingDrift(record.resource);
  const { namespace = '' } = resource.metadata;
  const versions = versionsOf(resource, caches);
  const inputs = inputsDigest(resource, versions);
  const run = observeRun(key, over, sources);
  const { refusal, withdrawn } = tracker.get(key);
  const disallowed = notAllowed(resource, sources.allowed);
  const { databaseInUseBy, slot } = slots.check(key, databaseKey(resource), caches, now);
  return {
    controller: 'operator',
    resource,
    inputs,
    missingSources: versions.filter(({ version }) => version === undefined).map(({ name }) => name),
    dependencies: dependenciesOf(resource, (name) => caches.resources.get(`${namespace}/${name}`)?.resource),
    slot,
    ...(references === undefined ? {} : { references }),
    ...(blocked === undefined ? {} : { blockingDrift: blocked }),
    ...(disallowed === undefined ? {} : { disallowed }),
    ...(unreadable === undefined ? {} : { unreadable }),
    ...(run === undefined ? {} : { run: { ...run, ...(podRefused === undefined ? {} : { podRefused }) } }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
    ...(refusal?.inputs === inputs ? { refusal } : {}),
    ...(databaseInUseBy === undefined ? {} : { databaseInUseBy }),
  };
}

/** Other controllers write these fields of the status; here they must not be written with old values. */
function withoutOthers(resource: DatabaseMigration): DatabaseMigration {
  const { status } = resource;
  const conditions = status?.conditions?.filter(({ type }) => type !== 'InSync' && type !== 'Notified');
  if (status?.drift === undefined && status?.notify === undefined && conditions?.length === status?.conditions?.length)
    return resource;
  const { drift: _1, notify: _2, ...rest } = status ?? {};
  return {
    ...resource,
    status: { ...rest, ...(conditions === undefined || conditions.length === 0 ? {} : { conditions }) },
  };
}

function cleaningOf(key: string, { caches }: Pick<Sources, 'caches'>): Cleaning {
  return { redactData: caches.resources.get(key)?.resource.spec.safety.redactData ?? true };
}

/** Only after the last retry has failed: then a change of a reference starts one more attempt. */
async function referencesNow(key: string, { api, caches }: Sources): Promise<string | undefined> {
  const resource = caches.resources.get(key)?.resource;
  const { run } = resource?.status ?? {};
  if (resource === undefined || run?.result !== 'failed' || run.retry !== 'safe') return undefined;
  if (run.references === undefined || hasRetryLeft(resource.spec, run.attempt)) return undefined;
  return referencesDigest(resource, { api, caches });
}

/** The inputs of a run that would start now. */
function inputsNow(key: string, { caches }: Sources): string | undefined {
  const record = caches.resources.get(key);
  return record === undefined ? undefined : inputsDigest(record.resource, versionsOf(record.resource, caches));
}

function versionsOf({ spec, metadata }: DatabaseMigration, { configMaps }: Caches) {
  return configMapsOf(spec).map((name) => ({ name, version: configMaps.get(`${metadata.namespace ?? ''}/${name}`) }));
}

function observeRun(key: string, over: string | undefined, { caches, logs }: Sources): ObservedRun | undefined {
  const { metadata, status } = caches.resources.get(key)?.resource ?? {};
  const namespace = metadata?.namespace ?? '';
  const owner = ownerKey(namespace, metadata?.uid);
  const pods = caches.pods.by(owner);
  const newest = newestRun(caches.jobs.by(owner), pods);
  if (newest !== undefined) {
    const log = logs.of(runKey(namespace, newest.id)) ?? EMPTY_LOG;
    const report = log.report ?? terminationReport(pods, newest.id, cleaningOf(key, { caches }));
    // A Job that ended after `fetchObservations` counts as ended only after its pod was looked up; its key is in the queue for
    // that.
    const state = newest.id === over || newest.state === 'gone' ? newest.state : 'active';
    return { ...newest, state, log: report === undefined ? log : { ...log, report } };
  }
  // The Job and its pod are deleted, but the end of the log was read.
  const last = status?.run;
  const log = last === undefined || last.finishedAt !== undefined ? undefined : logs.of(runKey(namespace, last.id));
  if (last === undefined || log?.report === undefined) return undefined;
  const { id, job = id, attempt, inputs = '', references, startedAt = '' } = last;
  return {
    id,
    job,
    attempt,
    inputs,
    references,
    generation: status?.observedGeneration ?? 0,
    createdAt: startedAt,
    state: 'gone',
    log,
  };
}

async function refusalOf({ namespace, uid }: JobRecord, api: Api): Promise<string | undefined> {
  const { items } = await api.request<{ items: { message?: string }[] }>({
    verb: 'list',
    path: `/api/v1/namespaces/${namespace}/events`,
    query: { fieldSelector: `involvedObject.uid=${uid},reason=FailedCreate`, limit: 20 },
  });
  return items.at(-1)?.message;
}
