import type { Api } from '../controller-runtime/api.ts';
import { ignoring } from '../controller-runtime/api-error.ts';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import { API_VERSION, PLURAL } from '../core/model/resource.ts';
import type { Caches } from './caches.ts';
import type { ResourceTracker } from './resource-tracker.ts';

/** How long to wait for the garbage collector of the cluster, in milliseconds. */
const COLLECTOR_GRACE_MS = 60_000;

/**
 * Deletes the Jobs that have ended and whose resource is deleted. The garbage collector of the cluster deletes them,
 * with one exception: if a resource is deleted and recreated under the same name while the watch of the collector is
 * interrupted, the collector sees one changed object, and the Jobs of the first resource stay until their TTL expires.
 * Returns after how many milliseconds to call it again; undefined if no orphaned Jobs are left.
 */
export async function collectOrphanedJobs(
  key: string,
  { api, caches, tracker }: { api: Api; caches: Pick<Caches, 'resources' | 'jobsOf'>; tracker: ResourceTracker },
  now: Date,
): Promise<number | undefined> {
  const uid = caches.resources.get(key)?.uid;
  // A Job without its owner reference was kept on purpose: `kubectl delete --cascade=orphan`.
  const left = caches.jobsOf(key).filter((job) => job.owned && job.owner !== uid && job.state !== 'active');
  const since = left.length === 0 ? undefined : (tracker.get(key).orphanedSince ?? now.getTime());
  tracker.set(key, { orphanedSince: since });
  if (since === undefined) return undefined;
  const rest = since + COLLECTOR_GRACE_MS - now.getTime();
  if (rest > 0) return rest;
  const currentUid = await currentUidOf(key, api);
  for (const { namespace, name, uid, owner } of left) {
    if (owner === currentUid) continue; // the caches are not synchronized
    await api
      .request({
        verb: 'delete',
        path: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
        body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid } },
      })
      .catch(ignoring(404, 409));
  }
  tracker.set(key, { orphanedSince: undefined });
  return undefined;
}

async function currentUidOf(key: string, api: Api): Promise<string | undefined> {
  const [namespace, name] = key.split('/');
  const { items } = await api.request<{ items: KubernetesObject[] }>({
    verb: 'list',
    path: `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}`,
    query: { fieldSelector: `metadata.name=${name}` },
  });
  return items[0]?.metadata.uid;
}
