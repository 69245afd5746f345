import { currentPosition } from '../../core/planning/plan.ts';
import type { Step } from '../../engine/flow.ts';
import { count } from '../../engine/run-text.ts';
import type { Connected, Inspected } from '../../engine/state.ts';

/** Reads the migration history and the current revision. Writes nothing. */
export const inspect: Step<Connected, Inspected> = {
  name: 'inspect',
  async run({ database }) {
    const history = await database.history.read();
    const current = currentPosition(history);
    return {
      kind: 'done',
      value: { history, current },
      message: `at ${current}, ${count(history.length, 'migration')} applied`,
    };
  },
};
