/**
 * Replaces the kubelet and the scheduler of the test control plane: binds pods to its own Node, runs each
 * container's command as a local process with its env and volumes (see agent/placement.ts for the paths), and
 * reports what a kubelet reports: phases, conditions, waiting reasons, exit codes, termination messages, logs.
 *
 * Not imitated: resource limits, liveness and startup probes, lifecycle hooks, exec and port-forward, refreshed Secret
 * volumes, images' own content. A pod that asks for them runs as if it had not.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordinationV1Api, CoreV1Api, KubeConfig, makeInformer, type V1Pod } from '@kubernetes/client-node';
import { atEnd, temporaryFolder } from '../support/lifetime.ts';
import { Claims } from './agent/claims.ts';
import { type Run, signalRun } from './agent/container.ts';
import type { AgentImage } from './agent/image.ts';
import { startLogServer } from './agent/log-server.ts';
import { registerNode } from './agent/node.ts';
import { choosePlacement } from './agent/placement.ts';
import { PodWorker } from './agent/pod-worker.ts';
import { Scheduler } from './agent/scheduler.ts';
import { type ControlPlane, sharedControlPlane } from './control-plane.ts';

export type { Run, RunEnding } from './agent/container.ts';
export type { AgentImage } from './agent/image.ts';

export interface PodName {
  namespace: string;
  name: string;
}

export interface AgentOptions {
  /** The Node's name; default `node-<number>`. */
  name?: string;
  /** Images by reference, exactly as pods name them. */
  images?: Record<string, AgentImage>;
  /** Runs pods of these namespaces only, and keeps the process's other agents off them. Default: all others. */
  namespaces?: string[];
  labels?: Record<string, string>;
}

export interface Agent {
  readonly node: string;
  /** `mounts` or `rewritten`; see agent/placement.ts. */
  readonly placement: string;
  /** Makes an image known (or unknown); pods that wait for it go on. */
  setImage(reference: string, image: AgentImage | undefined): void;
  /** The folder behind a claim, also before and after any pod uses it. */
  claimFolder(claim: PodName): Promise<string>;
  /** Leaves new pods Pending until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends a pod as node pressure does: SIGKILL, phase Failed, reason Evicted. */
  evict(pod: PodName, message?: string): Promise<void>;
  /** Signals the first process of a pod's container (default: the first that runs). Throws when none runs. */
  killProcess(pod: PodName, signal: NodeJS.Signals, options?: { container?: string; outOfMemory?: boolean }): void;
  /** Falls silent: no heartbeat, no status, no logs, deaf to deletions; its processes go on or are killed. */
  nodeLost(options: { processes: 'running' | 'killed' }): Promise<void>;
  /** Becomes ready again and reports what happened while it was away. */
  nodeReturns(): Promise<void>;
  /** Every process that pods of this name have run, oldest first; also after the pod is gone. */
  runsOf(pod: PodName): Run[];
  /** Kills every process and removes the Node. */
  stop(): Promise<void>;
}

/** Longest log of a deleted pod that is kept, in characters. */
const KEPT_LOG = 1_000_000;

// Namespaces that one agent of this process has to itself.
const claimedNamespaces = new Map<string, symbol>();
let agents = 0;

/** Starts an agent and returns when its Node is Ready. */
export async function startAgent(controlPlane: ControlPlane, options: AgentOptions = {}): Promise<Agent> {
  const node = options.name ?? `node-${++agents}`;
  const self = Symbol(node);
  for (const namespace of options.namespaces ?? []) claimedNamespaces.set(namespace, self);
  const folder = await temporaryFolder('node');
  await mkdir(join(folder, 'probe'));
  const place = await choosePlacement(join(folder, 'probe'));
  const config = new KubeConfig();
  config.loadFromFile(controlPlane.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const images = new Map(Object.entries(options.images ?? {}));
  const claims = new Claims(api, join(folder, 'claims'));
  const workers = new Map<string, PodWorker>();
  const everyWorker: PodWorker[] = [];
  let lost = false;
  let stopped = false;

  const newest = ({ namespace, name }: PodName): PodWorker | undefined =>
    everyWorker.findLast(({ pod }) => pod.metadata?.namespace === namespace && pod.metadata.name === name);
  const worker = (pod: PodName): PodWorker => {
    const found = newest(pod);
    if (!found) throw new Error(`the agent ${node} has never run a pod ${pod.namespace}/${pod.name}`);
    return found;
  };
  const server = new URL(controlPlane.server);
  const context = {
    api,
    folder: join(folder, 'pods'),
    place,
    imageOf: (reference: string) => images.get(reference),
    claimFolder: (namespace: string, claim: string) => claims.folderOf(namespace, claim),
    connected: () => !lost,
    runtimeEnv: { KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port },
  };

  const logs = await startLogServer(controlPlane.certificates.authority, node, (pod, container, previous) => {
    const found = newest(pod);
    if (!found || lost) return { status: 404, message: `pod "${pod.name}" not found` };
    const runs = found.runs.filter((run) => run.container === container);
    const run = previous ? runs.at(-2) : runs.at(-1);
    if (run) return run.log;
    const message = previous
      ? `previous terminated container "${container}" in pod "${pod.name}" not found`
      : `container "${container}" in pod "${pod.name}" is waiting to start: ${found.waitingReason(container) ?? 'unknown'}`;
    return { status: 400, message };
  });
  const registered = await registerNode(
    api,
    config.makeApiClient(CoordinationV1Api),
    node,
    options.labels ?? {},
    logs.port,
  );
  const mine = (namespace: string): boolean =>
    options.namespaces ? options.namespaces.includes(namespace) : !claimedNamespaces.has(namespace);
  const scheduler = new Scheduler(api, claims, node, options.labels ?? {}, mine);

  const seen = (pod: V1Pod): void => {
    if (lost || stopped) return;
    const uid = pod.metadata?.uid ?? '';
    if (!pod.spec?.nodeName) scheduler.consider(pod);
    if (pod.spec?.nodeName !== node) return;
    let known = workers.get(uid);
    if (!known) {
      if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
        // A pod of an earlier agent under this name: nothing is left to run, only to let go of.
        release(pod);
        return;
      }
      known = new PodWorker(pod, context);
      workers.set(uid, known);
      everyWorker.push(known);
    }
    known.update(pod);
  };
  const release = ({ metadata }: V1Pod): void => {
    if (!metadata?.deletionTimestamp) return;
    const { name = '', namespace = '', uid } = metadata;
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    void api.deleteNamespacedPod({ name, namespace, body }).catch(() => {});
  };
  const gone = (pod: V1Pod): void => {
    if (lost || stopped) return;
    const uid = pod.metadata?.uid ?? '';
    const known = workers.get(uid);
    workers.delete(uid);
    // Tests read the logs of pods that are gone; the long ones of hostile pods would fill the memory.
    void known?.vanish().then(() => {
      for (const { log } of known.runs) if (log.text.length > KEPT_LOG) log.discard();
    });
  };
  const informer = makeInformer<V1Pod>(config, '/api/v1/pods', () => api.listPodForAllNamespaces());
  informer.on('add', seen);
  informer.on('update', seen);
  informer.on('delete', gone);
  // A watch ends when the API server is stopped; it is begun again until it holds.
  informer.on('error', () => {
    if (!stopped) setTimeout(() => void informer.start().catch(() => {}), 250).unref();
  });
  scheduler.onRetry(() => {
    for (const pod of informer.list()) if (!pod.spec?.nodeName) seen(pod);
  });
  await informer.start();

  return {
    node,
    placement: place.name,
    setImage(reference, image) {
      if (image) images.set(reference, image);
      else images.delete(reference);
    },
    claimFolder: ({ namespace, name }) => claims.folderOf(namespace, name),
    pause: () => scheduler.pause(),
    resume: () => scheduler.resume(),
    evict: (pod, message = 'The node was low on resource: memory.') => worker(pod).evict(message),
    killProcess(pod, signal, { container, outOfMemory = false } = {}) {
      const run = worker(pod).running(container);
      if (!run) throw new Error(`no container of ${pod.namespace}/${pod.name} runs now`);
      run.outOfMemory = outOfMemory;
      signalRun(run, signal);
    },
    async nodeLost({ processes }) {
      lost = true;
      registered.silence();
      if (processes === 'running') return;
      for (const { runs } of workers.values()) for (const run of runs) signalRun(run, 'SIGKILL');
    },
    async nodeReturns() {
      lost = false;
      await registered.report();
      const pods = informer.list();
      for (const pod of pods) seen(pod);
      const uids = new Set(pods.map((pod) => pod.metadata?.uid));
      for (const [uid, { pod }] of workers) if (!uids.has(uid)) gone(pod);
    },
    runsOf: ({ namespace, name }) =>
      everyWorker
        .filter(({ pod }) => pod.metadata?.namespace === namespace && pod.metadata.name === name)
        .flatMap(({ runs }) => runs),
    async stop() {
      stopped = true;
      scheduler.stop();
      await informer.stop();
      await Promise.all([...workers.values()].map((each) => each.abandon()));
      await registered.remove();
      await logs.close();
      for (const [namespace, owner] of claimedNamespaces) if (owner === self) claimedNamespaces.delete(namespace);
    },
  };
}

let shared: Promise<Agent> | undefined;

/** The agent of the shared control plane; tests give it their images by `setImage` under names of their own. */
export function sharedAgent(): Promise<Agent> {
  shared ??= sharedControlPlane()
    .then((controlPlane) => startAgent(controlPlane, { name: 'shared-node' }))
    .then((agent) => {
      atEnd('the shared agent', async () => {
        shared = undefined;
        await agent.stop();
      });
      return agent;
    });
  return shared;
}
