import type { Api } from '../../controller-runtime/api.ts';
import { linesOf } from '../../controller-runtime/lines.ts';
import { type RunEvent, runEventSchema } from '../../core/model/report.ts';
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

/** The event in a line of the log; undefined for what a migration printed, and for a line that was cut off. */
export function eventOf(line: string): RunEvent | undefined {
  if (!line.startsWith('{"type":')) return undefined;
  try {
    return runEventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
