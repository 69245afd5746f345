import { defineCommand } from '../command.ts';
import { addClusterOptions } from '../options.ts';
import type { NamedOptions } from './resource.ts';

export const restart = defineCommand<NamedOptions>({
  name: 'restart',
  group: 'Clusters:',
  summary: 'start another attempt of a run that failed or is blocked',
  description: 'Sets the annotation db-manager.dev/retry. The operator plans again from the history of the database.',
  examples: ['kubectl dbm restart orders -n shop'],
  configure: (command) => addClusterOptions(command).argument('<name>'),
  async action({ name, ...options }, io) {
    const { openResource } = await import('./resource.ts');
    const { ProblemError } = await import('../../core/model/problem.ts');
    const { conditionOf } = await import('../../core/model/resource-state.ts');
    const { ACTION_ANNOTATIONS } = await import('../../core/reconcile/inputs.ts');
    const { client, resource, namespace } = await openResource({ name, ...options });
    const { run } = resource.status ?? {};
    if (run !== undefined && run.finishedAt === undefined) {
      const message = `Run ${run.id} of ${name} is in progress; nothing was restarted. Follow it: kubectl dbm logs ${name} -n ${namespace} -f`;
      throw new ProblemError({ reason: 'Cancelled', message });
    }
    const { resourceVersion } = resource.metadata;
    const annotations = { [ACTION_ANNOTATIONS.retry]: new Date().toISOString() };
    await client.patch(namespace, name, { metadata: { resourceVersion, annotations } });
    if (options.json === true) return io.out(JSON.stringify({ name, namespace, annotations }, null, 2));
    io.out(
      conditionOf(resource, 'Ready')?.reason === 'Suspended'
        ? `Requested, but spec.suspend of ${name} is true: the attempt starts when it is false.`
        : `Restarted. Follow it: kubectl dbm status ${name} -n ${namespace}`,
    );
  },
});
