import { writeFileSync } from 'node:fs';
import { ProblemError } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import type { RunReport } from '../../core/model/report.ts';
import { RUN_REQUEST_VARIABLE, type RunRequest, runRequestSchema } from '../../core/model/request.ts';
import { run } from '../../runner/run.ts';
import { clipReport } from '../../runner/termination.ts';
import { runEnvironment } from '../environment.ts';
import type { Io } from '../io.ts';
import { targetOf } from '../request-target.ts';

/**
 * The process inside a run pod: one request from the environment, one JSON line an event, the clipped report as
 * termination message. It has no API rights; the controller reads what it leaves.
 */
export async function runRunner(io: Io): Promise<void> {
  const request = readRequest(io.env[RUN_REQUEST_VARIABLE]);
  const environment = runEnvironment(io, targetOf(request.database, io.env), (event) => io.out(JSON.stringify(event)));
  const report = await run(request, environment);
  writeTerminationMessage(io, report);
  io.setExitCode(REASONS[report.reason].exit);
}

function readRequest(text: string | undefined): RunRequest {
  if (text === undefined) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `${RUN_REQUEST_VARIABLE} is not set. This command is started by the operator; to run a manifest here use: db-manager run -f FILE`,
    });
  }
  return runRequestSchema.parse(JSON.parse(text));
}

/** Outside a pod there is no such file; the last line of the log has the whole report anyway. */
function writeTerminationMessage(io: Io, report: RunReport): void {
  try {
    writeFileSync(io.env.DB_MANAGER_TERMINATION_LOG ?? '/dev/termination-log', clipReport(report), { flag: 'r+' });
  } catch (error) {
    io.err(`the termination message could not be written: ${error instanceof Error ? error.message : error}`);
  }
}
