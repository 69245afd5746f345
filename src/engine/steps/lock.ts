import type { CommonRequest } from '../../core/model/request.ts';
import type { Database, Lock } from '../../database/port.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import type { Connected, Locked, Planned } from '../../engine/state.ts';
import { lockFor } from '../lock-wait.ts';

/** Waits for the migration lock. An empty plan needs no lock. */
export const lock: Step<Connected & Planned, Locked> = {
  name: 'lock',
  async run({ database, plan }, ports) {
    const { request } = ports;
    if (request.dryRun) return { kind: 'skipped', value: {}, message: 'a dry run writes nothing' };
    if (plan.migrations.length === 0) return { kind: 'skipped', value: {}, message: 'nothing to run' };
    const lock = await acquireLock(database, ports);
    await ports.onLocked(database, plan);
    return { kind: 'done', value: { lock }, message: 'migration lock acquired' };
  },
};

/** Waits for the lock, which is held until the end of the run. Throws ProblemError LockHeld. */
export async function acquireLock(database: Database, ports: RunPorts<CommonRequest>): Promise<Lock> {
  const lock = await lockFor('lock', database, ports);
  ports.defer('the lock', () => lock.release());
  return lock;
}
