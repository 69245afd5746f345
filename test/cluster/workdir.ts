import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { eventually } from '../support/processes.ts';
import type { ControlPlane } from './control-plane.ts';

export interface JobSeen {
  metadata: {
    name: string;
    ownerReferences?: { uid: string }[];
    finalizers?: string[];
    deletionTimestamp?: string;
  };
  status?: { active?: number; succeeded?: number };
}

/** kubectl inside one namespace of its own, with the few questions that tests keep asking. */
export interface Room {
  namespace: string;
  kubectl(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Throws when kubectl fails; returns stdout. */
  run(...args: string[]): Promise<string>;
  create(...objects: object[]): Promise<void>;
  pod(name: string): Promise<V1Pod>;
  jobs(): Promise<JobSeen[]>;
  /** The only pod of a Job, as soon as there is one. */
  podOf(job: string): Promise<V1Pod>;
  /** Asks for the pod until `isSo` holds; an error shows the last status seen. */
  podWhen(name: string, what: string, isSo: (pod: V1Pod) => boolean): Promise<V1Pod>;
}

export async function openRoom(controlPlane: ControlPlane, prefix: string): Promise<Room> {
  const { name: namespace } = await controlPlane.createNamespace({ prefix });
  const { reads } = controlPlane;
  const inRoom = (args: string[]): string[] => [...args, `--namespace=${namespace}`];
  const run = (...args: string[]) => controlPlane.mustKubectl(inRoom(args));
  const room: Room = {
    namespace,
    kubectl: (...args) => controlPlane.kubectl(inRoom(args)),
    run,
    async create(...objects) {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await controlPlane.mustKubectl(inRoom(['create', '--filename=-']), { input: JSON.stringify(list) });
    },
    async pod(name) {
      const found = await reads.one<V1Pod>('pods', namespace, name);
      if (found === undefined) throw new Error(`there is no pod ${name}`);
      return found;
    },
    jobs: async () => (await reads.list<JobSeen>('jobs', namespace)) ?? [],
    podOf: (job) =>
      eventually(`a pod of job ${job}`, async () => {
        const pods = await reads.list<V1Pod>('pods', namespace, `job-name=${job}`);
        return pods?.[0];
      }),
    async podWhen(name, what, isSo) {
      let last: V1Pod | undefined;
      return eventually(
        `${name} to be ${what}`,
        async () => {
          last = await room.pod(name);
          return isSo(last) && last;
        },
        { timeoutMs: 20_000, explain: async () => JSON.stringify(last?.status, null, 2) },
      );
    },
  };
  return room;
}

/** The status of a pod's container, by default of `main`. */
export function statusOf(pod: V1Pod, container = 'main'): V1ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container);
}
