import type { RunReport } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import { flow } from '../engine/flow.ts';
import { runKeeper } from '../engine/keep-run.ts';
import type { RunEnvironment } from '../engine/ports.ts';
import { recover } from '../engine/recover.ts';
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
import { rehearse } from './steps/rehearse.ts';
import { validateBefore } from './steps/validate-before.ts';
import { verify } from './steps/verify.ts';
import { runWhole } from './whole.ts';

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
export function run(request: RunRequest, environment: RunEnvironment): Promise<RunReport> {
  return runWhole(request, environment, {
    flow: (ports, listener) => WHOLE_RUN.run({}, ports, listener),
    recover,
    keeper: runKeeper(request, environment),
  });
}
