import { currentPosition } from '../../core/planning/plan.ts';
import type { Step } from '../../engine/flow.ts';
import { count } from '../../engine/run-text.ts';
import type { Connected, Inspected, Loaded } from '../../engine/state.ts';
import { repairHistory } from '../repair.ts';

/** Reads the migration history and the current revision. Writes nothing, except a repair that the request asks for. */
export const inspect: Step<Loaded & Connected, Inspected> = {
  name: 'inspect',
  async run({ database, files }, ports) {
    const repaired = await repairHistory(database, files, ports);
    const history = await database.history.read();
    const current = currentPosition(history);
    return {
      kind: 'done',
      value: { history, current },
      message: `at ${current}, ${count(history.length, 'migration')} applied${repaired === undefined ? '' : `; ${repaired}`}`,
    };
  },
};
