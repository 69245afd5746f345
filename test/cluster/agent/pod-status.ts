import type {
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
} from '@kubernetes/client-node';

/** What the agent knows of one container. */
export interface ContainerRecord {
  spec: V1Container;
  state: V1ContainerState;
  lastState?: V1ContainerState;
  containerID?: string;
  restartCount: number;
  ready: boolean;
}

/** What the agent knows of one pod; its status follows from it. */
export interface PodRecord {
  startTime: Date;
  init: ContainerRecord[];
  main: ContainerRecord[];
  /** Set by an eviction: the pod has failed, whether its containers ended or not. */
  evicted?: { message: string };
}

// An old reason must be unset by name: a strategic merge patch keeps what it does not mention.
type Condition = Omit<V1PodCondition, 'reason' | 'message'> & { reason: string | null; message: string | null };
export type WrittenStatus = Omit<V1PodStatus, 'conditions'> & { conditions: Condition[] };

/** A pod's status as the kubelet would write it. `startedAt` and the like are the record's, `now` is for conditions. */
export function podStatus(pod: V1Pod, record: PodRecord, now: Date): WrittenStatus {
  const phase = phaseOf(pod, record);
  const ended = phase === 'Succeeded' || phase === 'Failed';
  const initialized = record.init.every((init) => isSidecar(init) || hasSucceeded(init));
  const ready = !ended && initialized && record.main.every((container) => container.ready);
  const reason = phase === 'Succeeded' ? 'PodCompleted' : ended ? 'PodFailed' : undefined;
  const before = pod.status?.conditions ?? [];
  const condition = (type: string, isTrue: boolean, whyNot?: string): Condition => {
    const status = isTrue ? 'True' : 'False';
    const known = before.find((each) => each.type === type);
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime : now;
    return { type, status, lastTransitionTime, reason: isTrue ? null : (whyNot ?? null), message: null };
  };
  return {
    phase,
    startTime: record.startTime,
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
    qosClass: pod.status?.qosClass,
    conditions: [
      condition('PodReadyToStartContainers', !ended),
      condition('Initialized', initialized || phase === 'Succeeded', 'ContainersNotInitialized'),
      condition('Ready', ready, reason ?? 'ContainersNotReady'),
      condition('ContainersReady', ready, reason ?? 'ContainersNotReady'),
      ...(record.evicted
        ? [{ ...condition('DisruptionTarget', true), reason: 'TerminationByKubelet', message: record.evicted.message }]
        : []),
    ],
    ...(record.init.length > 0 ? { initContainerStatuses: record.init.map(containerStatus) } : {}),
    containerStatuses: record.main.map(containerStatus),
    ...(record.evicted ? { reason: 'Evicted', message: record.evicted.message } : {}),
  };
}

function phaseOf(pod: V1Pod, { init, main, evicted }: PodRecord): string {
  if (evicted) return 'Failed';
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const stays = (container: ContainerRecord) =>
    container.state.terminated !== undefined &&
    (pod.metadata?.deletionTimestamp !== undefined ||
      policy === 'Never' ||
      (policy === 'OnFailure' && hasSucceeded(container)));
  const steps = init.filter((container) => !isSidecar(container));
  if (steps.some((container) => stays(container) && !hasSucceeded(container))) return 'Failed';
  if (main.every(stays)) return main.every(hasSucceeded) ? 'Succeeded' : 'Failed';
  const begun = main.some(({ state, lastState }) => state.running ?? state.terminated ?? lastState);
  return begun ? 'Running' : 'Pending';
}

function hasSucceeded({ state }: ContainerRecord): boolean {
  return state.terminated?.exitCode === 0;
}

/** An init container that runs next to the others (restartPolicy: Always). */
export function isSidecar({ spec }: ContainerRecord): boolean {
  return spec.restartPolicy === 'Always';
}

function containerStatus(container: ContainerRecord): V1ContainerStatus {
  const { spec, state, lastState, restartCount, ready, containerID } = container;
  return {
    name: spec.name,
    image: spec.image ?? '',
    imageID: containerID ? `test-agent://${spec.image}` : '',
    containerID,
    state,
    lastState: lastState ?? {},
    restartCount,
    ready,
    started: state.running !== undefined,
  };
}
