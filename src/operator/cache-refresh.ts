import type { Api } from '../controller-runtime/api.ts';
import type { KubernetesObject, Store } from '../controller-runtime/store.ts';
import { type Caches, isRecorded } from './caches.ts';
import { type LogFollowers, runKey } from './logs.ts';
import { LABELS, MANAGED_SELECTOR } from './names.ts';
import { newestRun, ownerKey } from './run-records.ts';

interface CacheContext {
  api: Api;
  caches: Caches;
  logs: LogFollowers;
}

/**
 * The watches of different kinds are not synchronized: the end of a Job can be seen before its pod is seen at all;
 * after a lost connection, many seconds before. So an object that is missing in a cache does not prove that a run is lost,
 * or that it never started and can be deleted (because its resource is deleted or its `inputs` have changed). The API
 * server is queried, and its answer is stored in the caches. Returns the run that has ended, with the state of its pod
 * in the caches. Throws if the API server cannot be reached; then nothing is decided yet.
 */
export async function refreshFromApiServer(
  key: string,
  inputs: string | undefined,
  known: CacheContext,
): Promise<string | undefined> {
  const { caches, logs } = known;
  const record = caches.resources.get(key);
  if (record === undefined) return undefined;
  const { uid, namespace, resource } = record;
  const run = newestRun(caches.jobs.by(ownerKey(namespace, uid)), caches.pods.by(ownerKey(namespace, uid)));
  const id = run?.id ?? resource.status?.run?.id;
  const isOver = run?.state === 'complete' || run?.state === 'failed';
  const over = isOver ? id : undefined;
  if (id === undefined || isRecorded(key, id, known) || logs.of(runKey(namespace, id))?.report !== undefined)
    return over;
  const podHasEnded = run?.pod?.terminated !== undefined || run?.pod?.failure !== undefined;
  if (run === undefined) await ask(caches.jobs, `/apis/batch/v1/namespaces/${namespace}/jobs`);
  const toGo = resource.metadata.deletionTimestamp !== undefined || run?.inputs !== inputs;
  const seemsNotBegun = run?.state === 'active' && run.pod?.started !== true;
  if (run === undefined || (isOver && !podHasEnded) || (toGo && seemsNotBegun))
    await ask(caches.pods, `/api/v1/namespaces/${namespace}/pods`);
  return over;

  async function ask<T>(store: Store<T>, path: string): Promise<void> {
    // Drift checks have the label of their owner too, and are no runs.
    const query = { labelSelector: `${MANAGED_SELECTOR},${LABELS.owner}=${uid}` };
    const { items } = await known.api.request<{ items: KubernetesObject[] }>({ verb: 'list', path, query });
    for (const item of items) store.put(store.trim(item));
  }
}
