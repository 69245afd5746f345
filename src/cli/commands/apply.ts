import type { DatabaseMigration } from '../../core/model/resource.ts';
import { ACTION_ANNOTATIONS } from '../../core/reconcile/inputs.ts';
import type { ResourceClient } from '../../operator/resource-client.ts';
import { type ClusterOptions, openCluster } from '../cluster.ts';
import { ready, waitUntilSettled } from '../cluster-wait.ts';
import type { Io } from '../io.ts';
import { readDocument } from '../manifest.ts';
import { renderStatus } from '../output/status-view.ts';
import { exitOf } from './cluster.ts';

export interface ApplyOptions extends ClusterOptions {
  filename: string;
  wait?: boolean;
  /** Seconds; 0 waits without a limit. */
  timeout: number;
  forceConflicts?: boolean;
  json?: boolean;
}

/**
 * `db-manager apply -f`: submits a DatabaseMigration to the operator, and with `--wait` follows it until it ends. Exit code
 * 0 if it is Ready, else the exit code of its reason. A resource that failed permanently is retried when it is applied
 * again.
 */
export async function apply(options: ApplyOptions, io: Io): Promise<void> {
  const { resource: wanted, written } = await readDocument(options.filename);
  const { client, namespace: own } = await openCluster(options);
  const namespace = options.namespace ?? wanted.metadata.namespace ?? own;
  const { name } = wanted.metadata;
  const applied = await client.apply(
    namespace,
    { metadata: wanted.metadata, spec: written.spec },
    options.forceConflicts === true,
  );
  const notRun = await retryWhereGivenUp(client, namespace, applied);
  if (options.wait !== true) {
    io.out(
      options.json === true
        ? JSON.stringify(applied, null, 2)
        : `Applied ${namespace}/${name}. Follow it: db-manager status ${name} -n ${namespace}`,
    );
    return;
  }
  const settled = await waitUntilSettled(client, {
    namespace,
    name,
    generation: applied.metadata.generation ?? 0,
    notRun,
    timeoutMs: options.timeout * 1000,
    signal: io.signal,
    tell: (line) => (options.json === true ? undefined : io.out(line)),
  });
  io.out(options.json === true ? JSON.stringify(settled, null, 2) : renderStatus(settled, io));
  io.setExitCode(exitOf(settled));
}

/** The run of this same spec that failed permanently, if there is one. */
async function retryWhereGivenUp(
  client: ResourceClient,
  namespace: string,
  { metadata, status }: DatabaseMigration,
): Promise<string | undefined> {
  const stalled = status?.conditions?.some(({ type, status }) => type === 'Stalled' && status === 'True');
  if (status?.observedGeneration !== metadata.generation || stalled !== true || ready({ status })?.status === 'True') {
    return undefined;
  }
  const annotations = { [ACTION_ANNOTATIONS.retry]: new Date().toISOString() };
  await client.patch(namespace, metadata.name, { metadata: { annotations } });
  return status?.run?.id;
}
