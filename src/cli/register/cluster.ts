import { type Command, InvalidArgumentError } from 'commander';
import type { Io } from '../io.ts';

/** The processes inside a cluster. */
export function registerCluster(program: Command, io: Io): void {
  program
    .command('operator')
    .summary('the controller of DatabaseMigrations')
    .description(
      'Watches DatabaseMigrations and runs a Job for each run that is due. Runs inside a cluster, or beside one with --kubeconfig.',
    )
    .requiredOption('--runner-image <image>', 'image of the runner where a resource names none', io.env.RUNNER_IMAGE)
    .option('--runner-pull-policy <policy>', 'Always, IfNotPresent or Never')
    .option('--namespaces <names>', 'comma-separated; default: the whole cluster', (text) => text.split(','))
    .option('--metrics-port <port>', 'of /healthz, /readyz and /metrics', wholeNumber, 8080)
    .option('--no-leader-election', 'for a single replica')
    .option('--lease-namespace <name>', "default: the pod's own")
    .option('--kubeconfig <file>', 'default: the service account, else ~/.kube/config')
    .option('--max-concurrent-runs <n>', 'runs at the same time', wholeNumber, 10)
    .option('--log-level <level>', 'error, warn, info or debug', 'info')
    .option('--log-format <format>', 'json or text', 'json')
    .action(async (options) => {
      const { runOperator } = await import('../commands/operator.ts');
      io.setExitCode(await runOperator({ ...options, signal: io.signal }));
    });

  program
    .command('runner')
    .summary('the process inside a run pod')
    .description('Reads a run request from the environment, runs it and prints one JSON line an event.')
    .action(async () => (await import('../commands/runner.ts')).runRunner(io));
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
}
