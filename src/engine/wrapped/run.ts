/** A run of another tool's command: the steps of a run, around a command that is not understood. */
import type { RunReport } from '../../core/model/report.ts';
import type { CommandRequest } from '../../core/model/request.ts';
import type { StepResult } from '../../core/model/step.ts';
import { failed } from '../failure.ts';
import { flow } from '../flow.ts';
import { runKeeper } from '../keep-run.ts';
import type { RunEnvironment } from '../ports.ts';
import { onFailure } from '../recover.ts';
import type { BackedUp, Connected } from '../state.ts';
import { runWhole } from '../whole.ts';
import { apply, verify } from './apply.ts';
import { commandProblem } from './failure-text.ts';
import type { CommandHost } from './host.ts';
import { emptyRecord, recordInto } from './record.ts';
import { rehearse } from './rehearse.ts';
import { runCommandOn } from './run-command.ts';
import type { WrappedPorts } from './state.ts';
import { approve, backup, check, confirm, connect, inspect, load, lock, plan } from './steps.ts';

const WRAPPED_RUN = flow<object, WrappedPorts>()
  .step(load)
  .step(connect)
  .step(inspect)
  .step(check)
  .step(lock)
  .step(confirm)
  .step(backup)
  .step(rehearse)
  .step(plan)
  .step(approve)
  .step(apply)
  .step(verify);

/** Runs a command to its end and reports the result. Never throws. */
export function runWrapped(
  request: CommandRequest,
  { host, ...environment }: RunEnvironment & { host: CommandHost },
): Promise<RunReport> {
  return runWhole(request, environment, {
    flow: (ports, listener) => WRAPPED_RUN.run({}, { ...ports, host }, listener),
    recover: (state, ports) => recover(state, { ...ports, host }),
    keeper: runKeeper(request, environment, 'wrap'),
  });
}

function recover(state: Partial<Connected & BackedUp>, ports: WrappedPorts): Promise<StepResult<object>> {
  const kept = 'what the command committed is kept';
  return onFailure(state, ports, { kept, downgrade: () => downgrade(state, ports) });
}

/** Its statements are those of the person who wrote the command, and were not rehearsed. */
async function downgrade({ database }: Partial<Connected>, ports: WrappedPorts): Promise<StepResult<object>> {
  if (database === undefined) return { kind: 'skipped', value: {}, message: 'nothing was changed' };
  const { loadFingerprinter } = await import('../../migrations/statements/fingerprint.ts');
  const sent = emptyRecord();
  const observe = recordInto(sent, { fingerprint: await loadFingerprinter() });
  // A run that was stopped is reverted too.
  const calm = { ...ports, signal: new AbortController().signal };
  const { result } = await runCommandOn('down', database, database.identity.display, observe, calm);
  if (result.code !== 0) {
    return failed(commandProblem('MigrationFailed', result, sent, 'onFailure: Downgrade'), {
      touched: true,
      retry: 'never',
    });
  }
  return { kind: 'done', value: {}, message: `the command of --down has run (onFailure: Downgrade)` };
}
