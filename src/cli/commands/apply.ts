import type { DatabaseMigration } from '../../core/model/resource.ts';
import type { ResourceClient } from '../../operator/resource-client.ts';
import type { ClusterOptions } from '../cluster.ts';
import { defineCommand } from '../command.ts';
import { addClusterOptions, seconds } from '../options.ts';
import { print } from '../output/print.ts';

interface ApplyCommandOptions extends ClusterOptions {
  filename: string;
  wait?: boolean;
  /** Seconds; 0 waits without a limit. */
  timeout: number;
  forceConflicts?: boolean;
}

/** A resource that failed permanently is retried when it is applied again. */
export const apply = defineCommand<ApplyCommandOptions>({
  name: 'apply',
  group: 'Clusters:',
  summary: 'submit a DatabaseMigration to the operator, and optionally wait for its result',
  description: 'Exit code 0 if it is Ready, else the exit code of its reason; 4 if a person has to act.',
  examples: [
    'db-manager apply -f migration.yaml --wait',
    'helm template . | db-manager apply -f - --wait --timeout 600',
  ],
  configure: (command) =>
    addClusterOptions(command)
      .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration; - for standard input')
      .option('--wait', 'wait until it is Ready, fails permanently, or awaits approval')
      .option(
        '--timeout <duration>',
        'timeout of --wait, such as 30m; a number without a unit is seconds, 0 waits without a limit',
        seconds,
        1800,
      )
      .option('--force-conflicts', 'take ownership of fields that another manager has set'),
  async action(options, io) {
    const { openCluster } = await import('../cluster.ts');
    const { exitOf } = await import('../../core/model/resource-state.ts');
    const { readDocument } = await import('../manifest.ts');
    const { resource: wanted, written } = await readDocument(options.filename);
    const { client, namespace: own } = await openCluster(options);
    const namespace = options.namespace ?? wanted.metadata.namespace ?? own;
    const { name } = wanted.metadata;
    const applied = await client.apply(
      namespace,
      { metadata: wanted.metadata, spec: written.spec },
      options.forceConflicts === true,
    );
    const notRun = await retryIfStalled(client, namespace, applied);
    if (options.wait !== true) {
      const text = `Applied ${namespace}/${name}. Follow it: db-manager status ${name} -n ${namespace}`;
      return print(io, options, applied, () => text);
    }
    const { waitUntilSettled } = await import('../cluster-wait.ts');
    const { renderStatus } = await import('../output/status-view.ts');
    const settled = await waitUntilSettled(client, {
      namespace,
      name,
      generation: applied.metadata.generation ?? 0,
      notRun,
      timeoutMs: options.timeout * 1000,
      signal: io.signal,
      print: (line) => (options.json === true ? undefined : io.out(line)),
    });
    print(io, options, settled, (found) => renderStatus(found, io));
    io.setExitCode(exitOf(settled));
  },
});

/** The run of this same spec that failed permanently, if there is one. */
async function retryIfStalled(
  client: ResourceClient,
  namespace: string,
  { metadata, status }: DatabaseMigration,
): Promise<string | undefined> {
  const { conditionOf } = await import('../../core/model/resource-state.ts');
  const { ACTION_ANNOTATIONS } = await import('../../core/reconcile/inputs.ts');
  const is = (type: string) => conditionOf({ status }, type)?.status === 'True';
  if (status?.observedGeneration !== metadata.generation || !is('Stalled') || is('Ready')) return undefined;
  const annotations = { [ACTION_ANNOTATIONS.retry]: new Date().toISOString() };
  await client.patch(namespace, metadata.name, { metadata: { annotations } });
  return status?.run?.id;
}
