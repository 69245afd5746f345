import { setTimeout as sleep } from 'node:timers/promises';
import { invalidConfiguration, ProblemError } from '../core/model/problem.ts';
import type { DatabaseMigration } from '../core/model/resource.ts';
import { conditionOf } from '../core/model/resource-state.ts';
import type { ResourceClient } from '../operator/resource-client.ts';
import { mayPass } from './cluster.ts';

const POLL_MS = 1_000;

interface WaitFor {
  namespace: string;
  name: string;
  /** Generation of the spec to wait for. */
  generation: number;
  /** An earlier run, which is ignored. */
  notRun?: string;
  /** Milliseconds; 0 waits without a limit. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Called with one line per change. */
  print(line: string): void;
}

/**
 * Waits until the operator has finished with a resource: Ready, failed permanently, or waiting for approval. An API server
 * that does not respond is asked again. Throws ProblemError DeadlineExceeded, Interrupted, ReferenceNotFound (deleted) or
 * InvalidConfiguration (a sidecar runs it).
 */
export async function waitUntilSettled(client: ResourceClient, wanted: WaitFor): Promise<DatabaseMigration> {
  const { namespace, name, timeoutMs, signal, print } = wanted;
  const deadline = timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  const seen = new Set<string>();
  const once = (line: string) => {
    if (seen.has(line)) return;
    seen.add(line);
    print(line);
  };
  let last: DatabaseMigration | undefined;
  for (;;) {
    try {
      const found = await client.get(namespace, name);
      if (found === undefined) {
        throw new ProblemError({
          reason: 'ReferenceNotFound',
          message: `${name} was deleted during the wait.`,
        });
      }
      last = found;
      if (found.spec.execution === 'Sidecar') {
        throw invalidConfiguration(
          `${name} has execution: Sidecar. The operator does not run it and writes no result. Read the log of the sidecar's container: kubectl logs POD -c CONTAINER -n ${namespace}`,
        );
      }
      if (isCurrent(found, wanted)) {
        for (const { type, status, message } of found.status?.conditions ?? []) {
          if (!['Ready', 'Reconciling', 'Stalled'].includes(type))
            once(`${status === 'True' ? '✓' : '…'} ${type}: ${message}`);
        }
        if (isSettled(found)) return found;
        const { step } = found.status?.run ?? {};
        if (step !== undefined) once(`… ${step}`);
      }
    } catch (error) {
      if (!mayPass(error)) throw error;
      once(`… ${error.problem.message} Retrying.`);
    }
    if (signal.aborted)
      throw stopped('Interrupted', `The wait was interrupted. The run of ${name} continues in the cluster.`);
    if (performance.now() + POLL_MS > deadline) {
      const state = last === undefined ? 'its state is unknown' : describe(last);
      throw stopped(
        'DeadlineExceeded',
        `${name} did not finish within ${Math.round(timeoutMs / 1000)} s (${state}). The run continues in the cluster: db-manager status ${name} -n ${namespace}`,
      );
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

function isCurrent({ status }: DatabaseMigration, { generation, notRun }: WaitFor): boolean {
  if ((status?.observedGeneration ?? 0) < generation) return false;
  return notRun === undefined || status?.run?.id !== notRun;
}

/** Nothing more happens automatically. */
function isSettled({ status }: DatabaseMigration): boolean {
  const state = conditionOf({ status }, 'Ready');
  if (state === undefined) return false;
  return (
    state.status === 'True' ||
    !status?.conditions?.some(({ type, status }) => type === 'Reconciling' && status === 'True')
  );
}

function describe(resource: DatabaseMigration): string {
  const state = conditionOf(resource, 'Ready');
  return state === undefined
    ? 'no operator has processed it. Check that one is running'
    : `${state.reason}: ${state.message}`;
}

function stopped(reason: 'Interrupted' | 'DeadlineExceeded', message: string): ProblemError {
  return new ProblemError({ reason, message });
}
