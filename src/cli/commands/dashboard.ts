import { defineCommand } from '../command.ts';
import { addClusterOptions, commaSeparated, wholeNumber } from '../options.ts';
import type { LocalDashboardOptions } from '../processes/dashboard.ts';

export const dashboard = defineCommand<LocalDashboardOptions>({
  name: 'dashboard',
  group: 'Clusters:',
  summary: 'serve a page with all resources of a cluster on this machine',
  description:
    'Shows what your user may read, and what awaits approval, and follows changes. Listens on 127.0.0.1 only. Read-only without --allow-approve.',
  examples: ['db-manager dashboard', 'db-manager dashboard --context production --namespaces shop,billing'],
  configure: (command) =>
    addClusterOptions(command)
      .option('--namespaces <names>', 'only these namespaces, separated by commas (default: all)', commaSeparated)
      .option('--port <port>', 'port (default: a free one)', wholeNumber)
      .option('--allow-approve', 'allow approvals on the page, with the permissions of your kubeconfig'),
  async action(options, io) {
    const { runDashboard } = await import('../processes/dashboard.ts');
    await runDashboard(options, io);
  },
});
