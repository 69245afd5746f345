/** What all runs have in common: the flow, then `recover` or `prune`, the cleanups, and the report. */
import type { RunReport } from '../core/model/report.ts';
import type { CommonRequest } from '../core/model/request.ts';
import type { StepResult } from '../core/model/step.ts';
import { toProblem } from './failure.ts';
import type { FlowListener, FlowOutcome } from './flow.ts';
import type { RunEnvironment, RunPorts } from './ports.ts';
import { type ReportState, recorder } from './report.ts';
import type { BackedUp, Connected } from './state.ts';
import { prune } from './steps/prune.ts';

interface Whole<Request extends CommonRequest, State extends Connected & BackedUp & ReportState> {
  flow(ports: RunPorts<Request>, listener: FlowListener): Promise<FlowOutcome<State>>;
  /** The `onFailure` action after a run that changed the target and failed. Never throws. */
  recover(state: Partial<State>, ports: RunPorts<Request>): Promise<StepResult<object>>;
  /** Keeps the run in the target. */
  keeper: {
    started: RunPorts['onLocked'];
    ended(state: Partial<State>, report: RunReport): Promise<string | undefined>;
  };
}

/** Runs to the end and reports. Never throws. */
export async function runWhole<Request extends CommonRequest, State extends Connected & BackedUp & ReportState>(
  request: Request,
  environment: RunEnvironment,
  { flow, recover, keeper }: Whole<Request, State>,
): Promise<RunReport> {
  const cleanups: { what: string; cleanup: () => Promise<void> }[] = [];
  const record = recorder(request, environment);
  const deadline = request.timeouts.run > 0 ? [AbortSignal.timeout(request.timeouts.run)] : [];
  const ports: RunPorts<Request> = {
    ...environment,
    request,
    signal: AbortSignal.any([environment.signal, ...deadline]),
    progress: record.progress,
    onLocked: keeper.started,
    defer: (what, cleanup) => void cleanups.push({ what, cleanup }),
  };
  const listener: FlowListener = { onStart: record.onStart, onEnd: record.onEnd };
  let outcome: FlowOutcome<State>;
  let report: RunReport;
  try {
    outcome = await flow(ports, listener);
    if (outcome.kind === 'completed') {
      listener.onStart('prune');
      listener.onEnd('prune', await prune.run(outcome.state, ports));
    } else if (outcome.result.kind === 'failed' && outcome.result.touched) {
      listener.onStart('recover');
      const recovery = await recover(outcome.state, ports);
      listener.onEnd('recover', recovery);
      // What it has reverted before it failed is not applied any more.
      if (recovery.kind === 'failed') Object.assign(outcome.state, recovery.partial);
    }
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
