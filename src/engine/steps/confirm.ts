import { currentPosition } from '../../core/planning/plan.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { Connected, Inspected, Loaded, Locked, Planned } from '../../engine/state.ts';
import { loadPlan, planFor } from './plan.ts';

/** Under the lock: is the plan still the one that was inspected? Another run may have done it meanwhile. */
export const confirm: Step<Loaded & Connected & Inspected & Planned & Locked, Inspected & Planned> = {
  name: 'confirm',
  async run({ files, database, history, current, plan, migrations, lock }, { request }) {
    if (lock === undefined) {
      return { kind: 'skipped', value: { history, current, plan, migrations }, message: 'no lock, nothing to confirm' };
    }
    const now = await database.history.read();
    const inspected = { history: now, current: currentPosition(now) };
    const fresh = planFor(request, files, now);
    if (fresh.digest === plan.digest) {
      return { kind: 'done', value: { plan, migrations, ...inspected }, message: 'the plan still holds' };
    }
    const planned = await loadPlan(request, files, fresh, database.dialect);
    const value = { ...planned, ...inspected };
    if (planned.plan.migrations.length === 0) {
      return { kind: 'done', value, message: 'another run has done it meanwhile; nothing is left to run' };
    }
    if (request.approval !== 'Automatic') {
      return failed(
        {
          reason: 'PlanChanged',
          message: `Another run changed the database while this one waited: the plan is now ${planned.plan.digest}. Look at it and approve it.`,
        },
        { touched: false },
      );
    }
    return { kind: 'done', value, message: 'another run has done a part of it meanwhile; the rest follows' };
  },
};
