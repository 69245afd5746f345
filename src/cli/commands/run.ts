import { randomUUID } from 'node:crypto';
import { REASONS } from '../../core/model/reason.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { requestFromSpec } from '../../core/reconcile/request.ts';
import { statusFromReport } from '../../core/reconcile/status-from-report.ts';
import { run } from '../../engine/run.ts';
import { runEnvironment } from '../environment.ts';
import type { Io } from '../io.ts';
import { type LocalPaths, localPlacement, readManifest } from '../manifest.ts';
import { runView } from '../output/run-view.ts';
import { renderStatus } from '../output/status-view.ts';
import { targetFromRequest } from '../request-target.ts';

export interface RunOptions extends LocalPaths {
  filename: string;
  databaseUrl?: string;
  json?: boolean;
}

/** `db-manager run -f`: runs the manifest locally as the Job would, and prints the status that it would have written. */
export async function runManifest(options: RunOptions, io: Io): Promise<void> {
  const resource = await readManifest(options.filename);
  const request = requestFromSpec(
    resource.spec,
    { runId: randomUUID(), attempt: 1 },
    localPlacement(resource, options),
  );
  const env = { ...io.env, ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }) };
  const view = options.json === true ? undefined : runView(io);
  const environment = runEnvironment(io, targetFromRequest(request, env), request, (event) => view?.show(event));
  const report = await run(request, environment);
  view?.close();
  const done = withStatus(resource, statusFromReport(resource, report, environment.now()));
  io.out(options.json === true ? JSON.stringify(done, null, 2) : renderStatus(done, io));
  io.setExitCode(REASONS[report.reason].exit);
}

function withStatus(resource: DatabaseMigration, status: DatabaseMigration['status']): DatabaseMigration {
  return { ...resource, status };
}
