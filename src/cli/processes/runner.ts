import { masker } from '../../core/model/masking.ts';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import type { RunEvent, RunReport } from '../../core/model/report.ts';
import {
  COMMAND_FOLDER_VARIABLE,
  type CommandRequest,
  commandRequestSchema,
  RUN_REQUEST_VARIABLE,
  type RunRequest,
  runRequestSchema,
} from '../../core/model/request.ts';
import { run } from '../../engine/run.ts';
import { boundReport, clipReport } from '../../engine/termination.ts';
import { runEnvironment } from '../environment.ts';
import type { Io } from '../io.ts';
import { maskOutput } from '../mask-output.ts';
import { targetFromRequest } from '../request-target.ts';
import { secretValues } from '../secret-values.ts';
import { type PodRun, podRun } from './pod-command.ts';
import { reportOfError } from './report-of-error.ts';
import { leaveTerminationMessage } from './termination-message.ts';

/**
 * The process inside a run pod: one request from the environment, one JSON line per event, the truncated report as
 * termination message. It has no API permissions; the controller reads its log and its termination message.
 */
export async function runRunner(io: Io): Promise<void> {
  // The output of a migration is also in the log of the pod.
  maskOutput(process, masker(secretValues(io.env)));
  const text = io.env[RUN_REQUEST_VARIABLE];
  const pod = await podRun(io);
  const report = await runOrExplain(text, io, pod);
  // The last line of the log has the whole report.
  leaveTerminationMessage(io, clipReport(report));
  const { exit } = REASONS[report.reason];
  await pod?.finish(exit, [`${report.reason}: ${report.message}`]);
  io.setExitCode(exit);
}

/** A failure before the run starts (an invalid request or URL) also produces a report. */
async function runOrExplain(text: string | undefined, io: Io, pod: PodRun | undefined): Promise<RunReport> {
  const emit = (event: RunEvent) => io.out(JSON.stringify(event));
  let request: RunRequest | CommandRequest | undefined;
  try {
    request = readRequest(text);
    if ('command' in request) {
      if (pod === undefined) throw new Error(`${COMMAND_FOLDER_VARIABLE} is not set`);
      return await pod.run(request, emit);
    }
    return await run(request, runEnvironment(io, targetFromRequest(request, io.env), request, emit));
  } catch (error) {
    const report = reportOfError(error, request, io.env);
    emit({ type: 'report', report: boundReport(report) });
    return report;
  }
}

function readRequest(text: string | undefined): RunRequest | CommandRequest {
  if (text === undefined) {
    throw invalidConfiguration(
      `${RUN_REQUEST_VARIABLE} is not set. The operator starts this command. To run a manifest locally: db-manager run -f FILE`,
    );
  }
  try {
    const read = JSON.parse(text) as object;
    return 'command' in read ? commandRequestSchema.parse(read) : runRequestSchema.parse(read);
  } catch (error) {
    throw invalidConfiguration(
      `${RUN_REQUEST_VARIABLE} cannot be read; the operator and the runner image probably have different versions. ${(error as Error).message}`,
      error,
    );
  }
}
