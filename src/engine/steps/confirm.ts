import { currentPosition } from '../../core/planning/plan.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { Connected, Inspected, Loaded, Locked, Planned } from '../../engine/state.ts';
import { loadPlan, planFor } from './plan.ts';

/**
 * Checks under the lock that the plan is still current: another run may have changed the database while this run
 * waited.
 */
export const confirm: Step<Loaded & Connected & Inspected & Planned & Locked, Inspected & Planned> = {
  name: 'confirm',
  async run({ files, database, history, current, plan, migrations, ahead, lock }, { request }) {
    if (lock === undefined) {
      const value = { history, current, plan, migrations, files, ahead };
      return { kind: 'skipped', value, message: 'no lock, nothing to confirm' };
    }
    const now = await database.history.read();
    const inspected = { history: now, current: currentPosition(now) };
    const fresh = await planFor(request, files, now, database);
    if (fresh.plan.digest === plan.digest) {
      return { kind: 'done', value: { plan, migrations, files, ahead, ...inspected }, message: 'plan unchanged' };
    }
    const planned = await loadPlan(request, fresh, database);
    const value = { ...planned, ...inspected };
    if (planned.plan.migrations.length === 0) {
      return { kind: 'done', value, message: 'already completed by another run; nothing is left to run' };
    }
    if (request.approval !== 'Automatic') {
      return failed(
        {
          reason: 'PlanChanged',
          message: `Another run changed the database while this run waited. The plan is now ${planned.plan.digest}. Review and approve it.`,
        },
        { touched: false },
      );
    }
    return { kind: 'done', value, message: 'partly completed by another run; continuing with the rest' };
  },
};
