import {
  type CoordinationV1Api,
  type CoreV1Api,
  PatchStrategy,
  setHeaderOptions,
  V1MicroTime,
  type V1NodeStatus,
} from '@kubernetes/client-node';
import { kubernetesVersion } from '../versions.ts';
import { hasStatus } from './lookup.ts';

const HEARTBEAT_MS = 2_000;
const LEASES = 'kube-node-lease';

export interface RegisteredNode {
  /** Stops the heartbeats: the node controller soon calls the node unreachable. */
  silence(): void;
  /** Resumes them. */
  report(): Promise<void>;
  remove(): Promise<void>;
}

/** Registers a Node that is Ready and whose kubelet endpoint is at 127.0.0.1:`port`, and keeps it alive. */
export async function registerNode(
  core: CoreV1Api,
  coordination: CoordinationV1Api,
  name: string,
  labels: Record<string, string>,
  port: number,
): Promise<RegisteredNode> {
  const version = await kubernetesVersion();
  const status = (): V1NodeStatus => {
    const now = new Date();
    const capacity = { cpu: '64', memory: '256Gi', pods: '1000', 'ephemeral-storage': '1Ti' };
    const condition = (type: string, isTrue: boolean, reason: string) => ({
      ...{ type, status: isTrue ? 'True' : 'False', reason, message: 'the test agent is at work' },
      ...{ lastHeartbeatTime: now, lastTransitionTime: started },
    });
    return {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      conditions: [
        condition('MemoryPressure', false, 'KubeletHasSufficientMemory'),
        condition('DiskPressure', false, 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', false, 'KubeletHasSufficientPID'),
        condition('Ready', true, 'KubeletReady'),
      ],
      nodeInfo: {
        ...{ architecture: 'amd64', operatingSystem: 'linux', osImage: 'test agent', kernelVersion: 'test' },
        ...{ bootID: name, machineID: name, systemUUID: name, containerRuntimeVersion: 'test-agent://1' },
        ...{ kubeletVersion: version, kubeProxyVersion: '' },
      },
    };
  };
  let started = new Date();

  const beat = async (): Promise<void> => {
    const spec = { holderIdentity: name, leaseDurationSeconds: 10, renewTime: new V1MicroTime() };
    const patch = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
    await core.patchNodeStatus({ name, body: { status: status() } }, patch);
    try {
      await coordination.patchNamespacedLease({ name, namespace: LEASES, body: { spec } }, patch);
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      await coordination.createNamespacedLease({ namespace: LEASES, body: { metadata: { name }, spec } });
    }
  };

  await core.createNode({
    body: {
      metadata: { name, labels: { ...labels, 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
      spec: {},
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const node: RegisteredNode = {
    silence: () => clearInterval(timer),
    async report() {
      started = new Date();
      await beat();
      clearInterval(timer);
      // The API server may be down, since tests stop it; the next beat will do.
      timer = setInterval(() => void beat().catch(() => {}), HEARTBEAT_MS).unref();
    },
    async remove() {
      clearInterval(timer);
      await core.deleteNode({ name }).catch(() => {});
    },
  };
  await node.report();
  return node;
}
