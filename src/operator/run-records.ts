import type { V1Job, V1Pod } from '@kubernetes/client-node';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import type { ObservedPod, ObservedRun, RunIdentity } from '../core/reconcile/observed.ts';
import type { Cleaning } from '../core/reconcile/redact.ts';
import { ANNOTATIONS, LABELS, RUNNER_CONTAINER } from './names.ts';
import { reportOf } from './run-log.ts';

/** The fields of a Job that are kept: a tenth of its size. */
export interface JobRecord {
  namespace: string;
  name: string;
  uid: string;
  owner: string;
  /** Whether it is deleted with its owner. */
  owned: boolean;
  database: string;
  /** `namespace/name` of the resource. */
  resource: string;
  run: RunIdentity;
  createdAt: string;
  state: 'active' | 'complete' | 'failed';
  failure?: { reason: string; message: string };
}

/** The fields of the pod of a run that are kept. */
export interface PodRecord {
  namespace: string;
  owner: string;
  resource: string;
  run: RunIdentity;
  createdAt: string;
  pod: ObservedPod;
  terminationMessage?: string;
}

export function jobRecord(object: KubernetesObject): JobRecord {
  const { metadata, status } = object as unknown as V1Job;
  const labels = metadata?.labels ?? {};
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type && each.status === 'True');
  const failed = condition('Failed') ?? condition('FailureTarget');
  const over =
    condition('Complete') !== undefined ? 'complete' : condition('Failed') !== undefined ? 'failed' : 'active';
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    owner: labels[LABELS.owner] ?? '',
    owned: metadata?.ownerReferences?.some(({ uid }) => uid === labels[LABELS.owner]) === true,
    database: labels[LABELS.database] ?? '',
    resource: resourceOf(metadata),
    run: identityOf(metadata?.annotations ?? {}),
    createdAt: String(metadata?.creationTimestamp ?? ''),
    state: over,
    ...(failed === undefined ? {} : { failure: { reason: failed.reason ?? '', message: failed.message ?? '' } }),
  };
}

/** Termination reasons whose message the container itself wrote; for other reasons the kubelet writes the message. */
const OWN_WORDS = new Set(['Completed', 'Error']);

export function podRecord(object: KubernetesObject): PodRecord {
  const { metadata, status } = object as unknown as V1Pod;
  const containers = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const container = containers.find(({ name }) => name === RUNNER_CONTAINER);
  const { running, terminated } = container?.state ?? {};
  // The runner of a command waits for the container of the command, whose image is pulled after its own.
  const command = containers.find(({ name }) => name === 'rehearse')?.state;
  const { waiting } = (command === undefined || terminated !== undefined ? container?.state : command) ?? {};
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const failed = status?.phase === 'Failed' && status.reason !== undefined;
  const ended = terminated ?? container?.lastState?.terminated;
  const { deletionTimestamp } = metadata ?? {};
  const pod: ObservedPod = {
    name: metadata?.name ?? '',
    started: (running !== undefined && command?.waiting === undefined) || ended !== undefined,
    ...(waiting?.reason === undefined ? {} : { waiting: { reason: waiting.reason, message: waiting.message ?? '' } }),
    ...(scheduled?.status === 'False'
      ? { unschedulable: scheduled.message ?? '', claims: claimsOf(object as unknown as V1Pod) }
      : {}),
    ...(ended === undefined
      ? {}
      : {
          terminated: {
            exitCode: ended.exitCode,
            ...(ended.signal ? { signal: ended.signal } : {}),
            ...(ended.reason === undefined || ended.reason === 'Completed' ? {} : { reason: ended.reason }),
            ...(ended.finishedAt ? { at: String(ended.finishedAt) } : {}),
          },
        }),
    ...(ended?.message && OWN_WORDS.has(ended.reason ?? 'Completed') ? { spoke: true } : {}),
    ...(failed ? { failure: { reason: status.reason ?? '', message: status.message ?? '' } } : {}),
    // The API server sets deletionTimestamp to the time at which the grace period of the pod ends.
    ...(deletionTimestamp === undefined ? {} : { deleteBy: String(deletionTimestamp) }),
  };
  return {
    namespace: metadata?.namespace ?? '',
    owner: metadata?.labels?.[LABELS.owner] ?? '',
    resource: resourceOf(metadata),
    run: identityOf(metadata?.annotations ?? {}),
    createdAt: String(metadata?.creationTimestamp ?? ''),
    pod,
    ...(ended?.message === undefined ? {} : { terminationMessage: ended.message }),
  };
}

function claimsOf({ spec }: V1Pod): string[] {
  const names = (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
  return [...new Set(names)];
}

/** In the namespace of the object itself: who may create pods may write any annotation. */
function resourceOf(metadata: { namespace?: string; annotations?: Record<string, string> } | undefined): string {
  const named = metadata?.annotations?.[ANNOTATIONS.resource];
  if (named === undefined) return '';
  return `${metadata?.namespace ?? ''}/${named.slice(named.indexOf('/') + 1)}`;
}

/** Where the caches keep the Jobs and pods of a resource: a label with its UID in another namespace is not found. */
export function ownerKey(namespace: string | undefined, uid: string | undefined): string {
  return `${namespace ?? ''}/${uid ?? ''}`;
}

function identityOf(annotations: Record<string, string>): RunIdentity {
  const id = annotations[ANNOTATIONS.run] ?? '';
  return {
    id,
    job: id,
    attempt: Number(annotations[ANNOTATIONS.attempt] ?? 1),
    inputs: annotations[ANNOTATIONS.inputs] ?? '',
    generation: Number(annotations[ANNOTATIONS.generation] ?? 0),
    ...(annotations[ANNOTATIONS.references] === undefined ? {} : { references: annotations[ANNOTATIONS.references] }),
  };
}

/** The newest run of a resource, from its Jobs and pods; the caller adds the log. */
export function newestRun(
  jobs: readonly JobRecord[],
  pods: readonly PodRecord[],
): Omit<ObservedRun, 'log'> | undefined {
  const newest = [...jobs, ...pods].sort(byAge).at(-1);
  if (newest === undefined) return undefined;
  const { run, createdAt } = newest;
  const job = jobs.find((each) => each.run.id === run.id);
  const pod = pods
    .filter((each) => each.run.id === run.id)
    .sort(byAge)
    .at(-1)?.pod;
  return {
    ...run,
    createdAt: job?.createdAt ?? createdAt,
    state: job?.state ?? 'gone',
    ...(job?.failure === undefined ? {} : { failure: job.failure }),
    ...(pod === undefined ? {} : { pod }),
  };
}

function byAge(a: Dated, b: Dated): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.run.generation - b.run.generation || a.run.attempt - b.run.attempt;
}

type Dated = { createdAt: string; run: RunIdentity };

/** The report that a pod of this run wrote as its termination message. */
export function terminationReport(pods: readonly PodRecord[], runId: string, cleaning: Cleaning) {
  for (const { run, terminationMessage } of pods) {
    const report = run.id === runId ? reportOf(terminationMessage, runId, cleaning) : undefined;
    if (report !== undefined) return report;
  }
  return undefined;
}
