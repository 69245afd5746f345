import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { statusFromReport } from '../../core/reconcile/status-from-report.ts';
import { toProblem } from '../../engine/failure.ts';
import { run } from '../../engine/run.ts';
import { startProbeServer } from '../../telemetry/server.ts';
import { runEnvironment } from '../environment.ts';
import type { Io } from '../io.ts';
import { readManifest, requestOfManifest } from '../manifest.ts';
import { runView } from '../output/run-view.ts';
import { targetFromRequest } from '../request-target.ts';
import { inputsOf } from './sidecar-inputs.ts';
import { type SidecarPlaces, sidecarPlacement } from './sidecar-paths.ts';
import { type Form, refusal, sentence, type Verdict, verdictOf } from './sidecar-verdict.ts';
import { leaveTerminationMessage } from './termination-message.ts';

export interface SidecarOptions extends SidecarPlaces {
  filename: string;
  /** One pass and an exit code: the init container. */
  once?: boolean;
  /** File to which the resource with its status is written after each run, as JSON. */
  statusFile?: string;
  /** Port of /healthz, /readyz and /metrics; 0 selects a free port. */
  port: number;
  /** Seconds between two checks of the manifest and the migrations. */
  pollInterval: number;
  databaseUrl?: string;
  json?: boolean;
}

const STARTING: Verdict = { reason: 'Running', message: 'the first run has not finished yet', ready: false };

/**
 * `db-manager sidecar`: the run of a Job's pod, in this process, next to an application that owns the volume. With
 * `--once` it is an init container and exits. Otherwise it keeps running and starts a run when the manifest or the
 * migrations change. After a failed migration the container is not ready; it does not exit and is not restarted.
 */
export async function runSidecar(options: SidecarOptions, io: Io): Promise<void> {
  const print = (verdict: Verdict) => {
    if (options.json !== true) io.out(sentence(verdict));
  };
  if (options.once === true) {
    const verdict = await untilSettled(options, io, print);
    leaveTerminationMessage(io, sentence(verdict));
    io.setExitCode(REASONS[verdict.reason].exit);
    return;
  }
  let stands = STARTING;
  const probes = await startProbeServer({
    port: options.port,
    unwell: () => undefined,
    unready: () => (stands.ready ? undefined : sentence(stands)),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: metricsOf(stands) }),
  });
  if (options.json !== true) io.out(`sidecar of ${options.filename}; probes on port ${probes.port}`);
  try {
    await runLoop(options, io, (verdict) => {
      stands = verdict;
      print(verdict);
    });
    leaveTerminationMessage(io, sentence(stands));
  } finally {
    await probes.close();
  }
}

/** Retries as long as a retry is allowed, and gives the last verdict. */
async function untilSettled(options: SidecarOptions, io: Io, print: (verdict: Verdict) => void): Promise<Verdict> {
  for (let attempt = 1; ; attempt++) {
    const verdict = await reconcileOnce(options, io, 'once', attempt);
    print(verdict);
    // An init container that waited for a window would block the application for hours without an explanation.
    if (verdict.again === undefined || verdict.reason === 'OutsideWindow' || io.signal.aborted) return verdict;
    await sleepFor(verdict.again.getTime() - Date.now(), io.signal);
    if (io.signal.aborted) return verdict;
  }
}

async function runLoop(options: SidecarOptions, io: Io, report: (verdict: Verdict) => void): Promise<void> {
  let inputs = '';
  let attempt = 0;
  let again: Date | undefined;
  while (!io.signal.aborted) {
    const now = await inputsOf(options.filename, await migrationsFolder(options));
    const changed = now !== inputs;
    if (changed || (again !== undefined && again.getTime() <= Date.now())) {
      attempt = changed ? 1 : attempt + 1;
      inputs = now;
      const verdict = await reconcileOnce(options, io, 'continuous', attempt);
      again = verdict.again;
      report(verdict);
    }
    await sleepFor(options.pollInterval * 1000, io.signal);
  }
}

/** One check of the manifest and, if it allows one, one run. Every failure becomes a verdict. */
async function reconcileOnce(options: SidecarOptions, io: Io, form: Form, attempt: number): Promise<Verdict> {
  try {
    const resource = await readManifest(options.filename);
    return refusal(resource, form, new Date()) ?? (await runOnce(resource, options, io, attempt));
  } catch (error) {
    const { reason, message } = toProblem(error);
    return { reason, message, ready: false };
  }
}

async function runOnce(
  resource: DatabaseMigration,
  options: SidecarOptions,
  io: Io,
  attempt: number,
): Promise<Verdict> {
  const identity = { runId: randomUUID().slice(0, 8), attempt };
  const request = requestOfManifest(resource, identity, sidecarPlacement(resource, options));
  const env = { ...io.env, ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }) };
  const view = options.json === true ? undefined : runView(io);
  const environment = runEnvironment(io, targetFromRequest(request, env), request, (event) => {
    if (view === undefined) io.out(JSON.stringify(event));
    else view.show(event);
  });
  const report = await run(request, environment).finally(() => view?.close());
  const verdict = verdictOf(resource, report);
  const status = statusFromReport(resource, report, environment.now(), { retryAt: verdict.again });
  await writeStatus(options.statusFile, { ...resource, status });
  return verdict;
}

/** Written atomically, so that a reader never sees a partial file. */
async function writeStatus(file: string | undefined, resource: DatabaseMigration): Promise<void> {
  if (file === undefined) return;
  const unfinished = `${file}.tmp`;
  try {
    await writeFile(unfinished, `${JSON.stringify(resource, null, 2)}\n`);
    await rename(unfinished, file);
  } catch (error) {
    const message = `--status-file ${file} cannot be written: ${toProblem(error).message}`;
    throw new ProblemError({ reason: 'InvalidConfiguration', message }, { cause: error });
  }
}

async function migrationsFolder(options: SidecarOptions): Promise<string | undefined> {
  const resource = await readManifest(options.filename).catch(() => undefined);
  return resource === undefined ? undefined : sidecarPlacement(resource, options).migrationsFolder;
}

function metricsOf({ ready }: Verdict): string {
  return [
    '# HELP db_manager_sidecar_ready 1 while the database is at the target of the manifest.',
    '# TYPE db_manager_sidecar_ready gauge',
    `db_manager_sidecar_ready ${ready ? 1 : 0}`,
    '',
  ].join('\n');
}

async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => {});
}
