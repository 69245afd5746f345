import { defineCommand } from '../command.ts';
import { addClusterOptions } from '../options.ts';
import type { NamedOptions } from './resource.ts';

export const logs = defineCommand<NamedOptions & { follow?: boolean }>({
  name: 'logs',
  group: 'Clusters:',
  summary: 'print the log of the last run: its steps, and what migrations printed',
  description: 'With --json, prints the lines of the log as they are.',
  examples: ['kubectl dbm logs orders -n shop', 'kubectl dbm logs orders --follow'],
  configure: (command) =>
    addClusterOptions(command).argument('<name>').option('-f, --follow', 'follow the log until the run ends'),
  async action(options, io) {
    const { noPod, openResource, podOfRun } = await import('./resource.ts');
    const { ProblemError } = await import('../../core/model/problem.ts');
    const { eventOf, linesOfPod } = await import('./pod-log.ts');
    const { runView } = await import('../output/run-view.ts');
    const cluster = await openResource(options);
    const pod = await podOfRun(cluster);
    if (pod === undefined) throw new ProblemError({ reason: 'ReportNotFound', message: noPod(cluster.resource) });
    const view = runView(io, { whole: true });
    try {
      for await (const line of linesOfPod(cluster, pod.metadata.name, options.follow === true, io.signal)) {
        const event = options.json === true ? undefined : eventOf(line);
        if (event === undefined) io.out(line);
        else view.show(event);
      }
    } finally {
      view.close();
    }
  },
});
