import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import type { RunReport } from '../../core/model/report.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { assess } from '../../core/reconcile/assess.ts';
import { decide } from '../../core/reconcile/decide.ts';
import type { RunIdentity } from '../../core/reconcile/observed.ts';
import type { Situation } from '../../core/reconcile/situation.ts';
import { toProblem } from '../../engine/failure.ts';
import { run } from '../../engine/run.ts';
import { startProbeServer } from '../../telemetry/server.ts';
import { runEnvironment } from '../environment.ts';
import type { Io } from '../io.ts';
import { requestOfManifest } from '../manifest.ts';
import { runView } from '../output/run-view.ts';
import { targetFromRequest } from '../request-target.ts';
import { reportOfError } from './report-of-error.ts';
import { FileObserver } from './sidecar-observe.ts';
import { type SidecarPlaces, sidecarPlacement } from './sidecar-paths.ts';
import { type SidecarState, STARTING, stateFromStatus, stateOf } from './sidecar-state.ts';
import { leaveTerminationMessage } from './termination-message.ts';

export interface SidecarOptions extends SidecarPlaces {
  filename: string;
  /** One pass and an exit code: the init container. */
  once?: boolean;
  /** File to which the resource with its status is written, as JSON. */
  statusFile?: string;
  /** Port of /healthz, /readyz and /metrics; 0 selects a free port. */
  port: number;
  /** Seconds between two checks of the manifest and the migrations. */
  pollInterval: number;
  databaseUrl?: string;
  json?: boolean;
}

/**
 * `db-manager sidecar`: the run of a Job's pod, in this process, next to an application that owns the volume. It
 * decides as the operator does, by `assess` and `decide`, over a manifest and a folder. With `--once` it is an init
 * container and exits. Otherwise it keeps running and starts a run when the inputs of a run change. After a failed
 * migration the container is not ready; it does not exit and is not restarted.
 */
export async function runSidecar(options: SidecarOptions, io: Io): Promise<void> {
  const observer = new FileObserver(options.filename, options, options.once === true ? 'once' : 'continuous');
  const sidecar = { options, io, observer };
  const print = ({ text }: SidecarState) => {
    if (options.json !== true) io.out(text);
  };
  if (options.once === true) {
    const { text, reason } = await untilSettled(sidecar, print);
    leaveTerminationMessage(io, text);
    io.setExitCode(REASONS[reason].exit);
    return;
  }
  let current = STARTING;
  const probes = await startProbeServer({
    port: options.port,
    unwell: () => undefined,
    unready: () => (current.ready ? undefined : current.text),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: metricsOf(current) }),
  });
  if (options.json !== true) io.out(`sidecar of ${options.filename}; probes on port ${probes.port}`);
  try {
    await untilStopped(sidecar, (state, ran) => {
      const changed = ran || state.text !== current.text;
      current = state;
      if (changed) print(state);
    });
    leaveTerminationMessage(io, current.text);
  } finally {
    await probes.close();
  }
}

interface Sidecar {
  options: SidecarOptions;
  io: Io;
  observer: FileObserver;
}

/** A reconcile after which nothing is left to do until `again`, or until the inputs change. */
interface Settled {
  state: SidecarState;
  /** Whether it has run migrations. */
  ran: boolean;
  situation?: Situation['kind'];
  /** Milliseconds. */
  again?: number;
}

/** Retries as long as a retry is allowed. */
async function untilSettled(sidecar: Sidecar, print: (state: SidecarState) => void): Promise<SidecarState> {
  const { signal } = sidecar.io;
  for (;;) {
    const { state, situation, again } = await reconcile(sidecar);
    print(state);
    // An init container that waited for a window would block the application for hours without an explanation.
    const retries = situation === 'waiting' && state.reason !== 'OutsideWindow';
    if (!retries || again === undefined) return state;
    await sleepFor(again, signal);
    if (signal.aborted) return state;
  }
}

async function untilStopped(sidecar: Sidecar, report: (state: SidecarState, ran: boolean) => void): Promise<void> {
  const { options, io } = sidecar;
  const poll = options.pollInterval * 1000;
  while (!io.signal.aborted) {
    const { state, ran, again = poll } = await reconcile(sidecar);
    report(state, ran);
    await sleepFor(Math.min(again, poll), io.signal);
  }
}

/** Observes, decides and acts until nothing is due. Every failure becomes a state. */
async function reconcile(sidecar: Sidecar): Promise<Settled> {
  const { observer } = sidecar;
  let ran = false;
  try {
    for (;;) {
      const observed = await observer.observe();
      const assessed = assess(observed, new Date());
      const { actions, requeueAfter } = decide(assessed);
      let due: RunIdentity | undefined;
      for (const action of actions) {
        // The others are about objects of the API server; the log has what the events have.
        if (action.kind === 'createJob') due = action.run;
        if (action.kind === 'writeStatus') {
          await writeStatus(sidecar.options.statusFile, { ...observed.resource, status: action.status });
          observer.status = action.status;
        }
      }
      if (due !== undefined) {
        const createdAt = new Date().toISOString();
        const report = await runOnce(observed.resource, due, sidecar);
        const log = { steps: report.steps, report, tail: [], complete: true };
        observer.run = { ...due, createdAt, state: 'complete', log };
        ran = true;
      } else if (requeueAfter !== 0) {
        const state = stateFromStatus(observer.status ?? {});
        return { state, ran, situation: assessed.kind, again: requeueAfter };
      }
    }
  } catch (error) {
    const { reason, message } = toProblem(error);
    return { state: stateOf(reason, message), ran };
  }
}

/** The report of one run, also of one that cannot start. */
async function runOnce(
  resource: DatabaseMigration,
  { id, attempt }: RunIdentity,
  { options, io }: Sidecar,
): Promise<RunReport> {
  const view = options.json === true ? undefined : runView(io);
  const env = { ...io.env, ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }) };
  const identity = { runId: id, attempt };
  try {
    const request = requestOfManifest(resource, identity, sidecarPlacement(resource, options));
    const environment = runEnvironment(io, targetFromRequest(request, env), request, (event) => {
      if (view === undefined) io.out(JSON.stringify(event));
      else view.show(event);
    });
    return await run(request, environment);
  } catch (error) {
    return reportOfError(error, { ...identity, dryRun: resource.spec.dryRun }, env);
  } finally {
    view?.close();
  }
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
    throw invalidConfiguration(message, error);
  }
}

function metricsOf({ ready }: SidecarState): string {
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
