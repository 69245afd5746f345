import type { CommonRequest } from '../core/model/request.ts';
import type { StepName } from '../core/model/step.ts';
import type { Database, Lock } from '../database/port.ts';
import type { RunPorts } from './ports.ts';

/** Waits for the lock of the history, as a part of a step. Throws ProblemError LockHeld. */
export function lockFor(
  step: StepName,
  database: Pick<Database, 'lock'>,
  { request, holder, progress, signal }: RunPorts<CommonRequest>,
): Promise<Lock> {
  return database.lock({
    waitMs: lockWait(request.timeouts.run),
    runId: request.runId,
    holder,
    onWaiting: (message) => progress({ step, done: 0, unit: 'migrations', label: message }),
    signal,
  });
}

/** The wait for the lock ends after half of timeouts.run, so that the steps after it still have time. Milliseconds. */
export function lockWait(runMs: number): number {
  return runMs === 0 ? 900_000 : runMs / 2;
}
