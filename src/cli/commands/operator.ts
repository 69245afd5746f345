import { defineCommand } from '../command.ts';
import { patterns, wholeNumber } from '../options.ts';
import type { OperatorOptions } from '../processes/operator.ts';

export const operator = defineCommand<Omit<OperatorOptions, 'signal'>>({
  name: 'operator',
  group: 'Clusters:',
  summary: 'run the controller of DatabaseMigrations',
  description:
    'Watches DatabaseMigrations and runs a Job for each run that is due. Runs inside a cluster, or outside it with --kubeconfig.',
  examples: ['db-manager operator --runner-image registry.example/db-manager:1.0 --kubeconfig ~/.kube/config'],
  configure: (command, io) =>
    command
      .requiredOption('--runner-image <image>', 'runner image of resources that do not set one', io.env.RUNNER_IMAGE)
      .option('--runner-pull-policy <policy>', 'pull policy of the runner image: Always, IfNotPresent or Never')
      .option('--namespaces <names>', 'namespaces to watch, separated by commas (default: the whole cluster)', patterns)
      .option('--metrics-port <port>', 'port of /healthz, /readyz and /metrics', wholeNumber, 8080)
      .option('--no-leader-election', 'disable leader election, for a single replica')
      .option('--lease-name <name>', 'name of the Lease that the replicas of one operator share', 'db-manager-operator')
      .option('--lease-namespace <name>', 'namespace of the Lease (default: the namespace of the pod)')
      .option('--kubeconfig <file>', 'kubeconfig file (default: the service account, else ~/.kube/config)')
      .option('--max-concurrent-runs <n>', 'maximum number of runs at the same time', wholeNumber, 10)
      .option(
        '--max-concurrent-runs-per-namespace <n>',
        'maximum number of runs at the same time in one namespace (default: no separate limit)',
        wholeNumber,
      )
      .option(
        '--allowed-images <patterns>',
        'images that resources may use, separated by commas, * for any text (default: all; the runner image is always allowed)',
        patterns,
      )
      .option(
        '--allowed-service-accounts <patterns>',
        'service accounts that pods of runs may use (default: all)',
        patterns,
      )
      .option(
        '--allowed-sources <patterns>',
        'secret/NAME and configmap/NAME that pods of runs may read values from (default: all)',
        patterns,
      )
      .option(
        '--allowed-priority-classes <patterns>',
        'priority classes that pods of runs may use (default: all)',
        patterns,
      )
      .option(
        '--notify-hosts <hosts>',
        'hosts to which notifications of spec.notify are sent, separated by commas (default: none)',
        patterns,
      )
      .option('--metrics-auth', 'require for /metrics a bearer token whose user may get it (TokenReview)')
      .option('--metrics-cert-file <file>', 'PEM certificate: /metrics and the probes then use HTTPS')
      .option('--metrics-key-file <file>', 'PEM key of that certificate')
      .option(
        '--dashboard-port <port>',
        'serve a page with all resources on this port; each caller sees what its token may read (default: no page)',
        wholeNumber,
      )
      .option('--dashboard-approve', 'allow approvals on that page, with the token of the caller')
      .option('--dashboard-cert-file <file>', 'PEM certificate: the page then uses HTTPS')
      .option('--dashboard-key-file <file>', 'PEM key of that certificate')
      .option('--log-level <level>', 'error, warn, info or debug', 'info')
      .option('--log-format <format>', 'json or text', 'json'),
  async action(options, io) {
    const { requirePackages } = await import('../../required-packages.ts');
    requirePackages('The operator', ['@kubernetes/client-node', 'prom-client', 'winston']);
    const { runOperator } = await import('../processes/operator.ts');
    io.setExitCode(await runOperator({ ...options, signal: io.signal }));
  },
});
