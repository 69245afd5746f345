import { type CoreV1Api, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import type { Claims } from './claims.ts';
import { hasStatus } from './lookup.ts';

const RETRY_MS = 500;

/** Binds pods to the agent's node, one at a time; what cannot be bound is asked again twice a second. */
export class Scheduler {
  readonly #api: CoreV1Api;
  readonly #claims: Claims;
  readonly #node: string;
  readonly #labels: Record<string, string>;
  readonly #mine: (namespace: string) => boolean;
  readonly #busy = new Set<string>();
  #retry: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #paused = false;

  constructor(
    api: CoreV1Api,
    claims: Claims,
    node: string,
    labels: Record<string, string>,
    mine: (namespace: string) => boolean,
  ) {
    this.#api = api;
    this.#claims = claims;
    this.#node = node;
    this.#labels = labels;
    this.#mine = mine;
  }

  /** What to call, twice a second, to have unbound pods considered again. */
  onRetry(retry: () => void): void {
    this.#retry = retry;
    this.#timer = setInterval(retry, RETRY_MS).unref();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#retry();
  }

  stop(): void {
    this.#paused = true;
    clearInterval(this.#timer);
  }

  consider(pod: V1Pod): void {
    const { uid = '', namespace = '', deletionTimestamp } = pod.metadata ?? {};
    const gated = (pod.spec?.schedulingGates ?? []).length > 0;
    if (this.#paused || gated || deletionTimestamp || this.#busy.has(uid) || !this.#mine(namespace)) return;
    this.#busy.add(uid);
    void this.#bind(pod)
      // Already bound, gone, or the API server is down: the next round sees what is true then.
      .catch(() => {})
      .finally(() => this.#busy.delete(uid));
  }

  async #bind(pod: V1Pod): Promise<void> {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const unmatched = this.#unmatchedLabel(pod);
    const obstacle = unmatched
      ? "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
      : await this.#claims.bindFor(pod);
    if (obstacle) return this.#unschedulable(pod, obstacle);
    try {
      const target = { apiVersion: 'v1', kind: 'Node', name: this.#node };
      await this.#api.createNamespacedPodBinding({ name, namespace, body: { metadata: { name, namespace }, target } });
    } catch (error) {
      if (!hasStatus(error, 404, 409)) throw error;
    }
  }

  #unmatchedLabel(pod: V1Pod): boolean {
    const known: Record<string, string> = {
      ...this.#labels,
      'kubernetes.io/hostname': this.#node,
      'kubernetes.io/os': 'linux',
    };
    return Object.entries(pod.spec?.nodeSelector ?? {}).some(([key, value]) => known[key] !== value);
  }

  async #unschedulable(pod: V1Pod, message: string): Promise<void> {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (before?.message === message) return;
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    await this.#api.patchNamespacedPodStatus(
      { name, namespace, body: { status: { conditions: [{ ...condition, lastTransitionTime: new Date() }] } } },
      setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
    );
  }
}
