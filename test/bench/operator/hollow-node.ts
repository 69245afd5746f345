import { CoordinationV1Api, CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { type Api, createApi } from '../../../src/controller-runtime/api.ts';
import { isStatus } from '../../../src/controller-runtime/api-error.ts';
import { linesOf } from '../../../src/controller-runtime/lines.ts';
import type { RunReport } from '../../../src/core/model/report.ts';
import { RUN_REQUEST_VARIABLE } from '../../../src/core/model/request.ts';
import { startLogServer } from '../../cluster/agent/log-server.ts';
import { registerNode } from '../../cluster/agent/node.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';

/** How many pods it takes up at once: a cluster's nodes together do more. */
const HANDS = 24;

export interface HollowNode {
  readonly pods: number;
  stop(): Promise<void>;
}

/**
 * A node without processes, as kubemark has them: it binds each new pod of the namespace and reports at once that its
 * container ran and left this report. What the bench measures is the controller; 5,000 real runs would take hours.
 */
export async function startHollowNode(
  controlPlane: ControlPlane,
  namespace: string,
  report: RunReport,
): Promise<HollowNode> {
  const config = new KubeConfig();
  config.loadFromFile(controlPlane.kubeconfig);
  const api = createApi(config);
  const logs = await startLogServer(controlPlane.certificates.authority, 'hollow', ({ name }) => ({
    status: 404,
    message: `pod "${name}" has no log`,
  }));
  const core = config.makeApiClient(CoreV1Api);
  const node = await registerNode(core, config.makeApiClient(CoordinationV1Api), 'hollow', {}, logs.port);
  const stop = new AbortController();
  const waiting: V1Pod[] = [];
  let busy = 0;
  let done = 0;

  const next = (): void => {
    while (busy < HANDS) {
      const pod = waiting.shift();
      if (pod === undefined) return;
      busy += 1;
      void finish(api, pod, report)
        .catch((error: unknown) => {
          console.error(`a pod is tried again: ${error}`);
          waiting.push(pod);
        })
        .finally(() => {
          busy -= 1;
          done += 1;
          next();
        });
    }
  };
  const watching = watchNewPods(api, namespace, stop.signal, (pod) => {
    waiting.push(pod);
    next();
  });
  return {
    get pods() {
      return done;
    },
    async stop() {
      stop.abort();
      await watching;
      await node.remove();
      await logs.close();
    },
  };
}

async function watchNewPods(
  api: Api,
  namespace: string,
  signal: AbortSignal,
  onPod: (pod: V1Pod) => void,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const query = { watch: true, fieldSelector: 'spec.nodeName=' };
  const seen = new Set<string>();
  while (!signal.aborted) {
    try {
      for await (const line of linesOf(await api.stream({ verb: 'watch', path, query, signal }))) {
        const { type, object } = JSON.parse(line) as { type: string; object: V1Pod };
        const uid = object.metadata?.uid ?? '';
        if (type !== 'ADDED' || seen.has(uid)) continue;
        seen.add(uid);
        onPod(object);
      }
    } catch (error) {
      if (!signal.aborted) console.error('the hollow node watches again:', String(error));
    }
  }
}

async function finish(api: Api, { metadata, spec }: V1Pod, like: RunReport): Promise<void> {
  const path = `/api/v1/namespaces/${metadata?.namespace}/pods/${metadata?.name}`;
  const target = { apiVersion: 'v1', kind: 'Node', name: 'hollow' };
  await api
    .request({
      verb: 'create',
      path: `${path}/binding`,
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: metadata?.name }, target },
    })
    .catch((error: unknown) => {
      if (!isStatus(error, 409)) throw error;
    });
  const env = spec?.containers[0]?.env ?? [];
  const { runId, attempt } = JSON.parse(env.find(({ name }) => name === RUN_REQUEST_VARIABLE)?.value ?? '{}');
  const now = new Date().toISOString();
  const message = JSON.stringify({ ...like, runId, attempt, startedAt: now, finishedAt: now });
  const time = `${now.slice(0, 19)}Z`;
  const state = { terminated: { exitCode: 0, reason: 'Completed', startedAt: time, finishedAt: time, message } };
  const container = { name: 'runner', image: 'x', imageID: 'x', ready: false, restartCount: 0, state };
  const status = { phase: 'Succeeded', startTime: time, containerStatuses: [container] };
  const contentType = 'application/merge-patch+json';
  await api.request({ verb: 'patch', path: `${path}/status`, contentType, body: { status } });
}
