import { randomUUID } from 'node:crypto';
import { REASONS } from '../../core/model/reason.ts';
import type { RunEvent, RunReport } from '../../core/model/report.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import type { Placement } from '../../core/reconcile/request.ts';
import { defineCommand } from '../command.ts';
import type { Io } from '../io.ts';
import type { LocalPaths } from '../manifest.ts';
import { collect } from '../options.ts';
import type { PodRun } from '../processes/pod-command.ts';

interface RunCommandOptions extends LocalPaths {
  filename: string;
  databaseUrl?: string;
  json?: boolean;
}

export const run = defineCommand<RunCommandOptions>({
  name: 'run',
  group: 'Production:',
  summary: 'run a DatabaseMigration locally, without a cluster',
  description: 'Does what the Job in a cluster would do, and prints the status that the resource would have.',
  examples: ['db-manager run -f migration.yaml --volume backups=./data/backups'],
  configure: (command) =>
    command
      .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration, YAML or JSON')
      .option('--volume <claim=folder>', 'local folder to use for a PersistentVolumeClaim; repeatable', collect),
  action: runManifest,
});

export async function runManifest(options: RunCommandOptions, io: Io): Promise<void> {
  const { statusFromReport } = await import('../../core/reconcile/status-from-report.ts');
  const { localPlacement, readManifest } = await import('../manifest.ts');
  const { podRun } = await import('../processes/pod-command.ts');
  const { runView } = await import('../output/run-view.ts');
  const { renderStatus } = await import('../output/status-view.ts');
  const resource = await readManifest(options.filename);
  const placement = localPlacement(resource, options);
  const env = { ...io.env, ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }) };
  const view = options.json === true ? undefined : runView(io);
  const emit = (event: RunEvent) => view?.show(event);
  const pod = await podRun({ ...io, env });
  try {
    const report = await runResource(resource, placement, { ...io, env }, emit, pod);
    view?.close();
    const done = { ...resource, status: statusFromReport(resource, report, new Date()) };
    const text = options.json === true ? JSON.stringify(done, null, 2) : renderStatus(done, io);
    io.out(text);
    const { exit } = REASONS[report.reason];
    await pod?.finish(exit, text.split('\n'));
    io.setExitCode(exit);
  } catch (error) {
    const { toProblem } = await import('../../engine/failure.ts');
    const { reason, message } = toProblem(error);
    await pod?.finish(REASONS[reason].exit, [`${reason}: ${message}`]);
    throw error;
  }
}

async function runResource(
  resource: DatabaseMigration,
  placement: Placement,
  io: Io,
  emit: (event: RunEvent) => void,
  pod: PodRun | undefined,
): Promise<RunReport> {
  const { commandRequestFromSpec } = await import('../../core/reconcile/request.ts');
  const { requestOfManifest } = await import('../manifest.ts');
  const { runEnvironment } = await import('../environment.ts');
  const { targetFromRequest } = await import('../request-target.ts');
  const identity = { runId: randomUUID(), attempt: 1 };
  const { spec } = resource;
  const { command } = spec.migrations;
  if (command === undefined) {
    const { run: runEngine } = await import('../../engine/run.ts');
    const request = requestOfManifest(resource, identity, placement);
    return runEngine(request, runEnvironment(io, targetFromRequest(request, io.env), request, emit));
  }
  const request = commandRequestFromSpec(spec, command, identity, placement);
  if (pod !== undefined) return pod.run(request, emit);
  const { runWrapped } = await import('../../engine/wrapped/run.ts');
  const { localHost } = await import('../../library/command-host.ts');
  const { withoutClientParameters } = await import('../../core/model/connection/command-url.ts');
  const givenUrl = 'urlVariable' in request.database ? io.env[request.database.urlVariable] : undefined;
  const target = targetFromRequest(request, io.env, withoutClientParameters);
  const environment = runEnvironment(io, target, request, emit);
  const { mask = (text: string) => text } = environment;
  const onOutput = (line: string, stage: string) => io.err(`${stage} | ${line}`);
  const host = localHost(request.command, io.env, { target, givenUrl, mask, onOutput });
  return runWrapped(request, { ...environment, host });
}
