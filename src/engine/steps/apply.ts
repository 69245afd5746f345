import type { CommonRequest } from '../../core/model/request.ts';
import type { StepResult } from '../../core/model/step.ts';
import { TOOL_VERSION } from '../../core/model/version.ts';
import type { DoneMigration } from '../../database/port.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import { interruption, passedDeadline } from '../../engine/interruption.ts';
import { askChecks } from '../../engine/query-checks.ts';
import { count } from '../../engine/run-text.ts';
import type { Applied, Connected, Locked, Planned } from '../../engine/state.ts';
import { restoreObstacle } from './check.ts';

/** The only step that writes to the target. Each migration commits together with its history row. */
export const apply: Step<Connected & Planned & Locked, Applied> = {
  name: 'apply',
  async run({ database, plan, migrations, lock }, { request, progress, signal }) {
    const refusal = await applyRefusal({ database, plan, lock }, request);
    if (refusal !== undefined) return refusal;
    await database.history.ensure();
    const total = migrations.length;
    const outcome = await database.migrate({
      direction: plan.direction,
      migrations,
      runId: request.runId,
      toolVersion: TOOL_VERSION,
      timeouts: request.timeouts,
      signal,
      onStart: (migration, index) =>
        progress({ step: 'apply', done: index, total, unit: 'migrations', label: migration.revision }),
      onDone: (done, index) =>
        progress({ step: 'apply', done: index + 1, total, unit: 'migrations', label: done.revision }),
      onRetry: (message) => progress({ step: 'apply', done: 0, total, unit: 'migrations', label: message }),
    });
    const verb = plan.direction === 'up' ? 'applied' : 'reverted';
    const finished = `${count(outcome.done.length, 'migration')} ${verb}${outsideOf(outcome.done)}`;
    if (outcome.kind === 'done') return { kind: 'done', value: { done: outcome.done }, message: finished };
    const touched = outcome.done.length > 0;
    const result =
      outcome.kind === 'stopped'
        ? failed(
            passedDeadline(signal)
              ? interruption(signal, `with ${finished} of ${total}`)
              : {
                  reason: 'Interrupted',
                  message: `Stopped on request: ${finished} of ${total}. Run again to continue.`,
                },
            { touched, retry: 'safe' },
          )
        : failed(outcome.problem, { touched: touched || outcome.touched, retry: outcome.retry });
    return { ...result, partial: { done: outcome.done } };
  },
};

/** The result of the step if it must not write to the target now. */
export async function applyRefusal(
  { database, plan, lock }: Connected & Pick<Planned, 'plan'> & Locked,
  request: CommonRequest,
): Promise<StepResult<Applied> | undefined> {
  if (plan.migrations.length === 0) return { kind: 'skipped', value: { done: [] }, message: 'nothing is pending' };
  if (request.dryRun) return { kind: 'skipped', value: { done: [] }, message: 'a dry run does not write' };
  if (lock === undefined || !(await lock.held())) {
    const message = 'The migration lock was lost before anything was applied; the run will be retried.';
    return failed({ reason: 'LockHeld', message }, { touched: false });
  }
  const obstacle = await restoreObstacle(database, request);
  if (obstacle !== undefined) return failed(obstacle, { touched: false });
  // The data may have changed while the backup was taken and rehearsed.
  const { problem } = await askChecks(database, request, 'Before', 'target', plan.direction);
  return problem && failed(problem, { touched: false });
}

/** Migrations that ran outside a transaction, and why. */
function outsideOf(done: readonly DoneMigration[]): string {
  return done
    .flatMap(({ revision, outside }) =>
      outside === undefined ? [] : `; ${revision} ran outside a transaction (${outside})`,
    )
    .join('');
}
