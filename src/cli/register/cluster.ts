import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../core/model/duration.ts';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';

/** What people and hooks do with a cluster, and the processes inside one. */
export function registerCluster(program: Command, io: Io): void {
  registerResources(program, io);
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
    .option('--lease-name <name>', 'of the Lease that the replicas of one operator share', 'db-manager-operator')
    .option('--lease-namespace <name>', "default: the pod's own")
    .option('--kubeconfig <file>', 'default: the service account, else ~/.kube/config')
    .option('--max-concurrent-runs <n>', 'runs at the same time', wholeNumber, 10)
    .option(
      '--max-concurrent-runs-per-namespace <n>',
      'runs at the same time in one namespace; default: no limit of its own',
      wholeNumber,
    )
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

  program
    .command('sidecar')
    .summary('the run beside an application that owns the volume; --once as its init container')
    .description(
      'Runs the one DatabaseMigration of a manifest in this process, again whenever the manifest or its migrations change. Asks no API server.',
    )
    .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration with execution: Sidecar')
    .option('--once', 'one run, then the exit code: for an init container')
    .option(
      '--volume <claim=folder>',
      'where a claim is mounted, if not as in the pod of a Job; repeatable',
      collect,
      [],
    )
    .option('--status-file <file>', 'write the resource with its status there, as JSON, after each run')
    .option('--port <port>', 'of /healthz, /readyz and /metrics', wholeNumber, 8080)
    .option('--poll-interval <duration>', 'how often to look for changes', seconds, 5)
    .action(async (options, command: Command) =>
      (await import('../commands/sidecar.ts')).sidecar({ ...globalsOf(command, io), ...options }, io),
    );
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function registerResources(program: Command, io: Io): void {
  const inCluster = (command: Command) =>
    command
      .option('-n, --namespace <name>', "default: the context's, in a pod its own")
      .option('--kubeconfig <file>', 'default: KUBECONFIG, ~/.kube/config, or the service account');
  inCluster(program.command('apply'))
    .summary('hand a DatabaseMigration to the operator, and wait for its end')
    .description('Exit code 0 when it is Ready, else the one of its reason; 4 when a person has to act.')
    .requiredOption('-f, --filename <file>', 'the manifest; - for standard input')
    .option('--wait', 'follow it until it is Ready, has given up, or waits for a person')
    .option(
      '--timeout <duration>',
      'of --wait, such as 30m; a number without a unit is seconds, 0 waits without a limit',
      seconds,
      1800,
    )
    .option('--force-conflicts', 'take ownership of fields that another manager has set')
    .action(async (options, command: Command) =>
      (await import('../commands/apply.ts')).apply({ ...globalsOf(command, io), ...options }, io),
    );
  inCluster(program.command('status'))
    .summary('DatabaseMigrations of a cluster: all of them, or the story of one')
    .argument('[name]')
    .option('-A, --all-namespaces', 'of the whole cluster')
    .action(async (name: string | undefined, options, command: Command) =>
      (await import('../commands/cluster.ts')).status(name, { ...globalsOf(command, io), ...options }, io),
    );
  inCluster(program.command('approve'))
    .summary('let the plan that waits run, and no other')
    .argument('<name>')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, options, command: Command) =>
      (await import('../commands/cluster.ts')).approve(name, { ...globalsOf(command, io), ...options }, io),
    );
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
}

/** `5m`, `90s` or a bare number of seconds, as seconds. */
export function seconds(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('A duration such as 90s, 5m or 1h30m is needed.');
  return ms / 1000;
}
