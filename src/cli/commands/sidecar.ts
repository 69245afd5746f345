import { defineCommand } from '../command.ts';
import { collect, seconds, wholeNumber } from '../options.ts';
import type { SidecarOptions } from '../processes/sidecar.ts';

export const sidecar = defineCommand<SidecarOptions>({
  name: 'sidecar',
  group: 'Clusters:',
  summary: 'run the migrations next to an application that owns the volume; with --once as its init container',
  description:
    'Runs the one DatabaseMigration of a manifest in this process, and again after each change of the manifest or its migrations. Does not use the API server.',
  examples: [
    'db-manager sidecar -f /etc/db-manager/migration.yaml',
    'db-manager sidecar --once -f /etc/db-manager/migration.yaml --volume app-data=/data',
  ],
  configure: (command) =>
    command
      .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration with execution: Sidecar')
      .option('--once', 'run once and exit, for an init container')
      .option(
        '--volume <claim=folder>',
        'folder where a claim is mounted, if it differs from the pod of a Job; repeatable',
        collect,
      )
      .option('--status-file <file>', 'file to write the resource with its status to, as JSON, at each change')
      .option('--port <port>', 'port of /healthz, /readyz and /metrics', wholeNumber, 8080)
      .option('--poll-interval <duration>', 'how often to check for changes', seconds, 5),
  async action(options, io) {
    const { runSidecar } = await import('../processes/sidecar.ts');
    await runSidecar(options, io);
  },
});
