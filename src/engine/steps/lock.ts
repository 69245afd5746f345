import type { Step } from '../../engine/flow.ts';
import type { Connected, Locked, Planned } from '../../engine/state.ts';

/** Waits until this run is the only writer. Nothing to write needs no lock. */
export const lock: Step<Connected & Planned, Locked> = {
  name: 'lock',
  async run({ database, plan }, { request, holder, progress, defer, signal }) {
    if (request.dryRun) return { kind: 'skipped', value: {}, message: 'a dry run writes nothing' };
    if (plan.migrations.length === 0) return { kind: 'skipped', value: {}, message: 'nothing to run' };
    const lock = await database.lock({
      waitMs: lockWait(request.timeouts.run),
      runId: request.runId,
      holder,
      onWaiting: (message) => progress({ step: 'lock', done: 0, unit: 'migrations', label: message }),
      signal,
    });
    defer('the lock', () => lock.release());
    return { kind: 'done', value: { lock }, message: 'this run is the only writer' };
  },
};

/** A waiter gives up after half of the run's time, so that what follows the lock still has a chance. */
function lockWait(runMs: number): number {
  return runMs === 0 ? 900_000 : runMs / 2;
}
