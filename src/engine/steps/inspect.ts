import { HISTORY_LAYOUT, type HistoryRow } from '../../core/model/history.ts';
import { currentPosition } from '../../core/planning/plan.ts';
import type { Step } from '../../engine/flow.ts';
import { count } from '../../engine/run-text.ts';
import type { Connected, Inspected, Loaded } from '../../engine/state.ts';
import { refuseOtherHistory } from '../other-history.ts';
import { repairHistory } from '../repair.ts';

/** Reads the migration history and the current revision. Writes nothing, except a repair that the request asks for. */
export const inspect: Step<Loaded & Connected, Inspected> = {
  name: 'inspect',
  async run({ database, files }, ports) {
    const repaired = await repairHistory(database, files, ports);
    const history = await database.history.read();
    await refuseOtherHistory(database, files, history);
    const current = currentPosition(history);
    return {
      kind: 'done',
      value: { history, current },
      message: `at ${current}, ${count(history.length, 'migration')} applied${repaired === undefined ? '' : `; ${repaired}`}${writtenByNewer(history)}`,
    };
  },
};

/** Newer versions only add columns, so the history is used. */
function writtenByNewer(history: readonly HistoryRow[]): string {
  const newest = history.findLast(({ layout = 1 }) => layout > HISTORY_LAYOUT);
  return newest === undefined ? '' : `; db-manager ${newest.toolVersion}, a newer version, wrote to the history`;
}
