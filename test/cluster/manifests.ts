import type { V1Container, V1Job, V1JobSpec, V1Pod, V1PodSpec } from '@kubernetes/client-node';

export type ContainerSpec = Omit<V1Container, 'name'> & { name?: string };
type RestOfPod = Omit<V1PodSpec, 'containers'>;

/** A pod of one container, `main`, that runs once. */
export function pod(name: string, main: ContainerSpec, rest: RestOfPod = {}): V1Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: podSpec(main, rest) };
}

/** A Job of one such pod, without retries. */
export function job(name: string, main: ContainerSpec, rest: RestOfPod = {}, ofJob: Partial<V1JobSpec> = {}): V1Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { backoffLimit: 0, ...ofJob, template: { spec: podSpec(main, rest) } },
  };
}

function podSpec(main: ContainerSpec, rest: RestOfPod): V1PodSpec {
  return { restartPolicy: 'Never', ...rest, containers: [{ name: 'main', ...main }] };
}
