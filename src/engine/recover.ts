import { restoreBackup } from '../backups/restore.ts';
import type { CommonRequest } from '../core/model/request.ts';
import type { StepResult } from '../core/model/step.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { requireReversible } from '../core/planning/plan.ts';
import { failed, toProblem } from '../engine/failure.ts';
import type { RunPorts } from '../engine/ports.ts';
import { count } from './run-text.ts';
import type { BackedUp, Connected, RunState } from './state.ts';

/** The `onFailure` action after a run that changed the target and failed. Never throws. */
export function recover(state: Partial<RunState>, ports: RunPorts): Promise<StepResult<object>> {
  return onFailure(state, ports, { kept: 'committed migrations are kept', downgrade: () => downgrade(state, ports) });
}

/** `downgrade` is what differs between migrations and commands. Never throws. */
export async function onFailure(
  state: Partial<Connected & BackedUp>,
  ports: RunPorts<CommonRequest>,
  { kept, downgrade }: { kept: string; downgrade: () => Promise<StepResult<object>> },
): Promise<StepResult<object>> {
  try {
    switch (ports.request.onFailure) {
      case 'Keep':
        return { kind: 'skipped', value: {}, message: `${kept} (onFailure: Keep)` };
      case 'Downgrade':
        return await downgrade();
      case 'Restore':
        return await restore(state, ports);
    }
  } catch (error) {
    return failed(toProblem(error), { touched: true, retry: 'never' });
  }
}

async function downgrade(
  { database, migrations, done }: Partial<RunState>,
  ports: RunPorts,
): Promise<StepResult<object>> {
  const finished = new Set(done?.map(({ revision }) => revision));
  const back = (migrations ?? []).filter(({ revision }) => finished.has(revision)).reverse();
  if (database === undefined || back.length === 0)
    return { kind: 'skipped', value: {}, message: 'nothing was committed' };
  const stuck = requireReversible(back);
  if (stuck !== undefined) return failed(stuck, { touched: true, retry: 'never' });
  const outcome = await database.migrate({
    direction: 'down',
    migrations: back,
    runId: ports.request.runId,
    toolVersion: TOOL_VERSION,
    timeouts: ports.request.timeouts,
  });
  if (outcome.kind === 'failed') {
    const reverted = new Set(outcome.done.map(({ revision }) => revision));
    const message = `${outcome.problem.message.replace(/\.$/, '')}. ${count(reverted.size, 'migration')} of this run had been reverted before (onFailure: Downgrade)`;
    return {
      ...failed({ ...outcome.problem, message }, { touched: true, retry: 'never' }),
      partial: { done: done?.filter(({ revision }) => !reverted.has(revision)) },
    };
  }
  return {
    kind: 'done',
    value: {},
    message: `${count(back.length, 'migration')} of this run reverted (onFailure: Downgrade)`,
  };
}

/** Restores the backup of the run. Throws ProblemError. */
async function restore(
  { database, backup }: Partial<Connected & BackedUp>,
  ports: RunPorts<CommonRequest>,
): Promise<StepResult<object>> {
  if (database === undefined || backup === undefined) {
    return failed(
      { reason: 'RestoreFailed', message: 'No backup was taken in this run, so none was restored.' },
      { touched: true, retry: 'never' },
    );
  }
  const { kept } = await restoreBackup(database, backup, {
    safetyBackup: false,
    now: ports.now(),
    terminateSessions: ports.request.terminateSessions,
    identities: await ports.backupIdentities?.(),
  });
  const asItWas = kept === undefined ? '' : `; the previous database is kept as ${kept.name}`;
  return {
    kind: 'done',
    value: {},
    message: `${backup.manifest.name} restored (onFailure: Restore); writes made after the backup are not in it${asItWas}`,
  };
}
