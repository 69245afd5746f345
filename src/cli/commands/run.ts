import { randomUUID } from 'node:crypto';
import { REASONS } from '../../core/model/reason.ts';
import { defineCommand } from '../command.ts';
import type { Io } from '../io.ts';
import type { LocalPaths } from '../manifest.ts';
import { collect } from '../options.ts';

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
      .option('--volume <claim=folder>', 'local folder to use for a PersistentVolumeClaim; repeatable', collect, []),
  action: runManifest,
});

export async function runManifest(options: RunCommandOptions, io: Io): Promise<void> {
  const { statusFromReport } = await import('../../core/reconcile/status-from-report.ts');
  const { run: runEngine } = await import('../../engine/run.ts');
  const { runEnvironment } = await import('../environment.ts');
  const { localPlacement, readManifest, requestOfManifest } = await import('../manifest.ts');
  const { runView } = await import('../output/run-view.ts');
  const { renderStatus } = await import('../output/status-view.ts');
  const { targetFromRequest } = await import('../request-target.ts');
  const resource = await readManifest(options.filename);
  const request = requestOfManifest(resource, { runId: randomUUID(), attempt: 1 }, localPlacement(resource, options));
  const env = { ...io.env, ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }) };
  const view = options.json === true ? undefined : runView(io);
  const environment = runEnvironment(io, targetFromRequest(request, env), request, (event) => view?.show(event));
  const report = await runEngine(request, environment);
  view?.close();
  const done = { ...resource, status: statusFromReport(resource, report, environment.now()) };
  io.out(options.json === true ? JSON.stringify(done, null, 2) : renderStatus(done, io));
  io.setExitCode(REASONS[report.reason].exit);
}
