import type { Api } from '../../controller-runtime/api.ts';
import { linesOf } from '../../controller-runtime/lines.ts';
import { RUNNER_CONTAINER } from '../../operator/names.ts';
import { clusterProblem } from '../cluster.ts';

/** The lines that the runner in a pod has written; with `follow`, until it ends. Throws ProblemError. */
export async function* linesOfPod(
  { api, namespace }: { api: Api; namespace: string },
  pod: string,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
  const query = { container: RUNNER_CONTAINER, follow };
  const response = await api.stream({ verb: 'get', path, query, signal }).catch(clusterProblem);
  yield* linesOf(response);
}
