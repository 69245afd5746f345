import type { Api } from '../controller-runtime/api.ts';
import type { KubernetesObject, Store } from '../controller-runtime/store.ts';
import { type Caches, isRecorded } from './caches.ts';
import type { LogFollowers } from './logs.ts';
import { LABELS } from './names.ts';
import { newestRun } from './run-records.ts';

interface CacheContext {
  api: Api;
  caches: Caches;
  logs: LogFollowers;
}

/**
 * The watches of different kinds are not in step: a Job can be seen to be over before its pod is seen at all, after a
 * lost connection by many seconds. So no run is called lost, or taken away because it never began (its resource is
 * deleted, or `inputs` are others by now), on what a cache does not hold: the API server is asked, and what it has goes
 * into the caches. Returns the run that is over, with all that is to be seen of its pod in the caches. Throws where the
 * API server cannot be asked; then nothing is decided yet.
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
  const run = newestRun(caches.jobs.by(uid), caches.pods.by(uid));
  const id = run?.id ?? resource.status?.run?.id;
  const isOver = run?.state === 'complete' || run?.state === 'failed';
  const over = isOver ? id : undefined;
  if (id === undefined || isRecorded(key, id, known) || logs.of(id)?.report !== undefined) return over;
  const podHasEnded = run?.pod?.terminated !== undefined || run?.pod?.failure !== undefined;
  if (run === undefined) await ask(caches.jobs, `/apis/batch/v1/namespaces/${namespace}/jobs`);
  const toGo = resource.metadata.deletionTimestamp !== undefined || run?.inputs !== inputs;
  const seemsNotBegun = run?.state === 'active' && run.pod?.started !== true;
  if (run === undefined || (isOver && !podHasEnded) || (toGo && seemsNotBegun))
    await ask(caches.pods, `/api/v1/namespaces/${namespace}/pods`);
  return over;

  async function ask<T>(store: Store<T>, path: string): Promise<void> {
    const query = { labelSelector: `${LABELS.owner}=${uid}` };
    const { items } = await known.api.request<{ items: KubernetesObject[] }>({ verb: 'list', path, query });
    for (const item of items) store.put(store.trim(item));
  }
}
