import type { Api } from '../controller-runtime/api.ts';
import { isStatus } from '../controller-runtime/api-error.ts';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import { API_VERSION, PLURAL } from '../core/model/resource.ts';
import type { Caches } from '../operator/caches.ts';

/** How long to wait for the garbage collector of the cluster, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * Jobs that have ended and whose resource is deleted. The garbage collector of the cluster deletes them, with one
 * exception: if a resource is deleted and recreated under the same name while the watch of the collector is
 * interrupted, the collector sees one changed object, and the Jobs of the first resource stay until their TTL expires.
 */
export class OrphanedJobs {
  readonly #caches: Pick<Caches, 'resources' | 'jobsOf'>;
  readonly #since = new Map<string, number>();

  constructor(caches: Pick<Caches, 'resources' | 'jobsOf'>) {
    this.#caches = caches;
  }

  /** Returns after how many milliseconds to call it again; undefined if no orphaned Jobs are left. */
  async collect(key: string, api: Api, now: Date): Promise<number | undefined> {
    const uid = this.#caches.resources.get(key)?.uid;
    // A Job without its owner reference was kept on purpose: `kubectl delete --cascade=orphan`.
    const left = this.#caches.jobsOf(key).filter((job) => job.owned && job.owner !== uid && job.state !== 'active');
    const since = this.#since.get(key) ?? now.getTime();
    if (left.length === 0) this.#since.delete(key);
    else this.#since.set(key, since);
    if (left.length === 0) return undefined;
    const rest = since + PATIENCE_MS - now.getTime();
    if (rest > 0) return rest;
    const living = await currentUid(key, api);
    for (const { namespace, name, uid, owner } of left) {
      if (owner === living) continue; // the caches are not synchronized
      await api
        .request({
          verb: 'delete',
          path: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
          body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid } },
        })
        .catch((error: unknown) => {
          if (!isStatus(error, 404, 409)) throw error;
        });
    }
    this.#since.delete(key);
    return undefined;
  }
}

async function currentUid(key: string, api: Api): Promise<string | undefined> {
  const [namespace, name] = key.split('/');
  const { items } = await api.request<{ items: KubernetesObject[] }>({
    verb: 'list',
    path: `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}`,
    query: { fieldSelector: `metadata.name=${name}` },
  });
  return items[0]?.metadata.uid;
}
