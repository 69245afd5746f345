/**
 * Code that must not compile. test/types.test.ts compiles this file without its directives and expects exactly
 * one error at each. Nothing here is run.
 */

import { REASONS } from '../../src/core/model/reason.ts';
import type { StepReport } from '../../src/core/model/report.ts';
import { STEP_NAMES, type StepName } from '../../src/core/model/step.ts';
import { flow, type Step } from '../../src/engine/flow.ts';
import {
  getCurrentRevision,
  lintMigrations,
  type Options,
  type Problem,
  ProblemError,
  pruneBackups,
  type Reason,
  type Revision,
  restoreDatabase,
  upgradeDatabase,
} from '../../src/index.ts';

declare const text: string;

export async function options(): Promise<void> {
  // @ts-expect-error misspelt option
  await getCurrentRevision({ databaseURL: 'sqlite:///app.db' });
  // @ts-expect-error a timeout is a duration, not a number
  const wrong: Options = { timeouts: { lock: 5 } };
  // @ts-expect-error a restore without what to restore
  await restoreDatabase({ ...wrong });
  // @ts-expect-error a dialect that does not exist
  await lintMigrations({ dialect: 'mysql' });
  // @ts-expect-error retention counts, it does not name
  await pruneBackups({ last: 'all' });
  // @ts-expect-error a target is a text
  await upgradeDatabase({ target: 1 });
}

export function reasons(): unknown[] {
  // @ts-expect-error a reason that is not in the table
  const reason: Reason = 'SomethingElse';
  // @ts-expect-error a problem without its message
  const problem: Problem = { reason: 'InternalError' };
  // @ts-expect-error a text is not a reason
  const thrown = new ProblemError({ reason: text, message: '' });
  // @ts-expect-error the table has no such entry
  const entry = REASONS.SomethingElse;
  return [reason, problem, thrown, entry];
}

export function revisions(): Revision {
  // @ts-expect-error a revision is parsed, a text is none
  return text;
}

export function steps(): unknown {
  const needs: Step<{ files: string[] }, object> = {
    name: 'plan',
    run: async () => ({ kind: 'done', value: {}, message: '' }),
  };
  // @ts-expect-error a step before the one whose result it needs
  flow<object>().step(needs);
  // @ts-expect-error a step that does not exist
  const name: StepName = 'deploy';
  // @ts-expect-error a table that forgets steps
  const total: Record<StepName, number> = { load: 1 };
  // @ts-expect-error a report of a step has one of its kinds
  const kind: StepReport['kind'] = 'perhaps';
  // @ts-expect-error the list is not to be changed
  STEP_NAMES.push('load');
  return [name, total, kind];
}
