import { writeFileSync } from 'node:fs';
import { masker } from '../../core/model/masking.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import type { RunEvent, RunReport } from '../../core/model/report.ts';
import { RUN_REQUEST_VARIABLE, type RunRequest, runRequestSchema } from '../../core/model/request.ts';
import { toProblem } from '../../engine/failure.ts';
import { maskedTexts } from '../../engine/masked.ts';
import { reportOfProblem } from '../../engine/report.ts';
import { run } from '../../engine/run.ts';
import { boundReport, clipReport } from '../../engine/termination.ts';
import { runEnvironment } from '../environment.ts';
import type { Io } from '../io.ts';
import { maskOutput } from '../mask-output.ts';
import { targetFromRequest } from '../request-target.ts';
import { secretValues } from '../secret-values.ts';

/**
 * The process inside a run pod: one request from the environment, one JSON line an event, the clipped report as
 * termination message. It has no API rights; the controller reads what it leaves.
 */
export async function runRunner(io: Io): Promise<void> {
  // What a migration prints leaves the pod too.
  maskOutput(process, masker(secretValues(io.env)));
  const text = io.env[RUN_REQUEST_VARIABLE];
  const report = await runOrExplain(text, io);
  writeTerminationMessage(io, report);
  io.setExitCode(REASONS[report.reason].exit);
}

/** What goes wrong before a run can begin (a request or a URL that cannot be read) is a report too. */
async function runOrExplain(text: string | undefined, io: Io): Promise<RunReport> {
  const mask = masker(secretValues(io.env));
  const emit = (event: RunEvent) => io.out(JSON.stringify(event));
  let request: RunRequest | undefined;
  try {
    request = readRequest(text);
    return await run(request, runEnvironment(io, targetFromRequest(request, io.env), request, emit));
  } catch (error) {
    const report = maskedTexts(reportOfProblem(toProblem(error), request, new Date()), mask);
    emit({ type: 'report', report: boundReport(report) });
    return report;
  }
}

function readRequest(text: string | undefined): RunRequest {
  if (text === undefined) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `${RUN_REQUEST_VARIABLE} is not set. This command is started by the operator; to run a manifest here use: db-manager run -f FILE`,
    });
  }
  try {
    return runRequestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ProblemError(
      {
        reason: 'InvalidConfiguration',
        message: `${RUN_REQUEST_VARIABLE} cannot be read; operator and runner image are probably of different versions. ${(error as Error).message}`,
      },
      { cause: error },
    );
  }
}

/** Outside a pod there is no such file; the last line of the log has the whole report anyway. */
function writeTerminationMessage(io: Io, report: RunReport): void {
  try {
    writeFileSync(io.env.DB_MANAGER_TERMINATION_LOG ?? '/dev/termination-log', clipReport(report), { flag: 'r+' });
  } catch (error) {
    io.err(`the termination message could not be written: ${error instanceof Error ? error.message : error}`);
  }
}
