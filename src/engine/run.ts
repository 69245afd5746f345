import type { RunReport } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { StepName, StepResult } from '../core/model/step.ts';
import { toProblem } from '../engine/failure.ts';
import { type FlowOutcome, flow } from '../engine/flow.ts';
import { runKeeper } from '../engine/keep-run.ts';
import type { RunEnvironment, RunPorts } from '../engine/ports.ts';
import { recover } from '../engine/recover.ts';
import { recorder } from '../engine/report.ts';
import type { RunState } from './state.ts';
import { apply } from './steps/apply.ts';
import { approve } from './steps/approve.ts';
import { backup } from './steps/backup.ts';
import { check } from './steps/check.ts';
import { confirm } from './steps/confirm.ts';
import { connect } from './steps/connect.ts';
import { inspect } from './steps/inspect.ts';
import { load } from './steps/load.ts';
import { lock } from './steps/lock.ts';
import { plan } from './steps/plan.ts';
import { prune } from './steps/prune.ts';
import { rehearse } from './steps/rehearse.ts';
import { validateBefore } from './steps/validate-before.ts';
import { verify } from './steps/verify.ts';

/** The whole run, in order. After it, `recover` runs on failure, and `prune` on success. */
const WHOLE_RUN = flow<object>()
  .step(load)
  .step(connect)
  .step(inspect)
  .step(plan)
  .step(check)
  .step(approve)
  .step(lock)
  .step(confirm)
  .step(validateBefore)
  .step(backup)
  .step(rehearse)
  .step(apply)
  .step(verify);

/**
 * Runs a request to its end and reports the result. Never throws: every error becomes a part of the report. An event is
 * emitted when a step starts, when it ends, on progress, and with the report at the end.
 */
export async function run(request: RunRequest, environment: RunEnvironment): Promise<RunReport> {
  const cleanups: { what: string; cleanup: () => Promise<void> }[] = [];
  const record = recorder(request, environment);
  const keeper = runKeeper(request, environment);
  const deadline = request.timeouts.run > 0 ? [AbortSignal.timeout(request.timeouts.run)] : [];
  const ports: RunPorts = {
    ...environment,
    request,
    signal: AbortSignal.any([environment.signal, ...deadline]),
    progress: record.progress,
    onLocked: keeper.started,
    defer: (what, cleanup) => void cleanups.push({ what, cleanup }),
  };
  const listener = { onStart: record.onStart, onEnd: record.onEnd };
  let outcome: FlowOutcome<RunState>;
  let report: RunReport;
  try {
    outcome = await WHOLE_RUN.run({}, ports, listener);
    await close(outcome, ports, listener);
    report = record.compose(outcome);
    const unkept = await keeper.ended(outcome.state, report);
    if (unkept !== undefined) record.leftOver('the row of the run', unkept);
  } finally {
    for (const { what, cleanup } of cleanups.reverse()) {
      await cleanup().catch((error: unknown) => record.leftOver(what, toProblem(error).message));
    }
  }
  return record.finish(outcome, report);
}

interface Listener {
  onStart(step: StepName): void;
  onEnd(step: StepName, result: StepResult<object>): void;
}

async function close(outcome: FlowOutcome<RunState>, ports: RunPorts, listener: Listener): Promise<void> {
  if (outcome.kind === 'completed') {
    listener.onStart('prune');
    listener.onEnd('prune', await prune.run(outcome.state, ports));
    return;
  }
  const changed = outcome.result.kind === 'failed' && outcome.result.touched;
  if (!changed) return;
  listener.onStart('recover');
  listener.onEnd('recover', await recover(outcome.state, ports));
}
