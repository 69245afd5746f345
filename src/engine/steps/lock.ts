import type { CommonRequest } from '../../core/model/request.ts';
import type { StepResult } from '../../core/model/step.ts';
import type { Database } from '../../database/port.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import type { Connected, Locked, Planned } from '../../engine/state.ts';
import { lockFor } from '../lock-wait.ts';

/** Waits for the migration lock. An empty plan needs no lock. */
export const lock: Step<Connected & Planned, Locked> = {
  name: 'lock',
  async run({ database, plan }, ports) {
    if (plan.migrations.length === 0) return { kind: 'skipped', value: {}, message: 'nothing to run' };
    return acquireLock(database, ports, (locked) => ports.onLocked(locked, plan));
  },
};

/** Waits for the lock, which is held until the end of the run. Throws ProblemError LockHeld. */
export async function acquireLock(
  database: Database,
  ports: RunPorts<CommonRequest>,
  onLocked: (database: Database) => Promise<void>,
): Promise<StepResult<Locked>> {
  if (ports.request.dryRun) return { kind: 'skipped', value: {}, message: 'a dry run writes nothing' };
  const lock = await lockFor('lock', database, ports);
  ports.defer('the lock', () => lock.release());
  await onLocked(database);
  return { kind: 'done', value: { lock }, message: 'migration lock acquired' };
}
