import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../core/model/duration.ts';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';

/** Commands for users and hooks of a cluster, and the processes inside one. */
export function registerCluster(program: Command, io: Io): void {
  registerResources(program, io);
  program
    .command('operator')
    .summary('run the controller of DatabaseMigrations')
    .description(
      'Watches DatabaseMigrations and runs a Job for each run that is due. Runs inside a cluster, or outside it with --kubeconfig.',
    )
    .requiredOption('--runner-image <image>', 'runner image of resources that do not set one', io.env.RUNNER_IMAGE)
    .option('--runner-pull-policy <policy>', 'pull policy of the runner image: Always, IfNotPresent or Never')
    .option('--namespaces <names>', 'namespaces to watch, separated by commas (default: the whole cluster)', (text) =>
      text.split(','),
    )
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
      list,
    )
    .option('--allowed-service-accounts <patterns>', 'service accounts that pods of runs may use (default: all)', list)
    .option(
      '--allowed-sources <patterns>',
      'secret/NAME and configmap/NAME that pods of runs may read values from (default: all)',
      list,
    )
    .option('--allowed-priority-classes <patterns>', 'priority classes that pods of runs may use (default: all)', list)
    .option('--metrics-auth', 'require for /metrics a bearer token whose user may get it (TokenReview)')
    .option('--metrics-cert-file <file>', 'PEM certificate: /metrics and the probes then use HTTPS')
    .option('--metrics-key-file <file>', 'PEM key of that certificate')
    .option('--log-level <level>', 'error, warn, info or debug', 'info')
    .option('--log-format <format>', 'json or text', 'json')
    .action(async (options) => {
      const { runOperator } = await import('../commands/operator.ts');
      io.setExitCode(await runOperator({ ...options, signal: io.signal }));
    });

  program
    .command('runner')
    .summary('process of a run pod; the operator starts it')
    .description('Reads a run request from the environment, runs it and prints one JSON line per event.')
    .action(async () => (await import('../commands/runner.ts')).runRunner(io));

  program
    .command('sidecar')
    .summary('run the migrations next to an application that owns the volume; with --once as its init container')
    .description(
      'Runs the one DatabaseMigration of a manifest in this process, and again after each change of the manifest or its migrations. Does not use the API server.',
    )
    .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration with execution: Sidecar')
    .option('--once', 'run once and exit, for an init container')
    .option(
      '--volume <claim=folder>',
      'folder where a claim is mounted, if it differs from the pod of a Job; repeatable',
      collect,
      [],
    )
    .option('--status-file <file>', 'file to write the resource with its status to, as JSON, after each run')
    .option('--port <port>', 'port of /healthz, /readyz and /metrics', wholeNumber, 8080)
    .option('--poll-interval <duration>', 'how often to check for changes', seconds, 5)
    .action(async (options, command: Command) =>
      (await import('../commands/sidecar.ts')).sidecar({ ...globalsOf(command, io), ...options }, io),
    );
}

/** Patterns separated by commas; an empty text is an empty list, which allows nothing. */
function list(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function registerResources(program: Command, io: Io): void {
  const inCluster = (command: Command) =>
    command
      .option('-n, --namespace <name>', 'namespace (default: the one of the context; in a pod, the one of the pod)')
      .option('--kubeconfig <file>', 'kubeconfig file (default: KUBECONFIG, ~/.kube/config, or the service account)');
  inCluster(program.command('apply'))
    .summary('submit a DatabaseMigration to the operator, and optionally wait for its result')
    .description('Exit code 0 if it is Ready, else the exit code of its reason; 4 if a person has to act.')
    .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration; - for standard input')
    .option('--wait', 'wait until it is Ready, fails permanently, or awaits approval')
    .option(
      '--timeout <duration>',
      'timeout of --wait, such as 30m; a number without a unit is seconds, 0 waits without a limit',
      seconds,
      1800,
    )
    .option('--force-conflicts', 'take ownership of fields that another manager has set')
    .action(async (options, command: Command) =>
      (await import('../commands/apply.ts')).apply({ ...globalsOf(command, io), ...options }, io),
    );
  inCluster(program.command('status'))
    .summary('list the DatabaseMigrations of a cluster, or show the details of one')
    .argument('[name]')
    .option('-A, --all-namespaces', 'list all namespaces')
    .action(async (name: string | undefined, options, command: Command) =>
      (await import('../commands/cluster.ts')).status(name, { ...globalsOf(command, io), ...options }, io),
    );
  inCluster(program.command('approve'))
    .summary('approve the pending plan, and no other')
    .argument('<name>')
    .option('-y, --yes', 'skip the confirmation')
    .action(async (name: string, options, command: Command) =>
      (await import('../commands/cluster.ts')).approve(name, { ...globalsOf(command, io), ...options }, io),
    );
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** `5m`, `90s` or a bare number of seconds, as seconds. */
export function seconds(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a duration such as 90s, 5m or 1h30m.');
  return ms / 1000;
}
