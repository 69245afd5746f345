import type { Api } from '../controller-runtime/api.ts';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import { API_VERSION, KIND, PLURAL } from '../core/model/resource.ts';

/** Server-side apply of the fields of a status that `manager` owns: a field that it leaves out is removed. */
export async function applyStatus(
  api: Api,
  store: { put(object: KubernetesObject): void; trim(object: KubernetesObject): KubernetesObject },
  { manager, kind = KIND, plural = PLURAL }: { manager: string; kind?: string; plural?: string },
  { name, namespace, resourceVersion }: { name: string; namespace?: string; resourceVersion?: string },
  status: object,
): Promise<KubernetesObject> {
  const written = await api.request<KubernetesObject>({
    verb: 'patch',
    path: `/apis/${API_VERSION}/namespaces/${namespace}/${plural}/${name}/status`,
    query: { fieldManager: manager, force: true },
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: API_VERSION, kind, metadata: { name, namespace, resourceVersion }, status },
  });
  store.put(store.trim(written));
  return written;
}
