import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';

/** Records a Warning about a pod, as the kubelet does. The pod does not fail if it cannot be recorded. */
export async function warn(api: CoreV1Api, pod: V1Pod, reason: string, message: string): Promise<void> {
  const { name, namespace = '', uid } = pod.metadata ?? {};
  const now = new Date();
  const body = {
    metadata: { generateName: `${name}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    reason,
    message,
    type: 'Warning',
    source: { component: 'test-agent' },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  await api.createNamespacedEvent({ namespace, body }).catch(() => {});
}
