import { type Difference, describeDifference } from '../../core/schema/compare.ts';
import { differencesOn } from '../../engine/difference.ts';
import { type ExpectedSchema, replayIfPossible, replaySchema } from '../../engine/expected.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { count, few } from '../../engine/run-text.ts';
import type { Connected, Expecting, Inspected, Loaded, Planned } from '../../engine/state.ts';
import { digestsOf, matchesEarlier } from '../../engine/verified.ts';

type Input = Loaded & Connected & Inspected & Planned;

/**
 * Checks whether the schema was changed outside the migrations. The models describe the head, so before a run only a
 * replay of the applied migrations can show that. If a replay is not possible, the step reports why, and the run
 * continues.
 */
export const validateBefore: Step<Input, Expecting> = {
  name: 'validateBefore',
  async run(input, ports) {
    const { request, signal, defer } = ports;
    const { runId, timeouts } = request;
    const expected = replaySchema(input.database, input.files, {
      folder: request.migrations.path,
      runId,
      timeouts,
      signal,
      defer,
    });
    const mode = request.validation.before;
    if (mode === 'Disabled')
      return { kind: 'skipped', value: { expected }, message: 'turned off (validation.before: Disabled)' };
    if (input.plan.migrations.length === 0) {
      return { kind: 'skipped', value: { expected }, message: 'nothing to run; verify compares the schema' };
    }
    const applied = new Set(input.history.map(({ revision }) => revision));
    const again = input.plan.migrations.flatMap(({ revision }) => (applied.has(revision) ? [revision] : []));
    // Only their new text is known.
    if (again.length > 0 && input.plan.direction === 'up') {
      const message = `cannot compare: ${few(again)} changed after being applied, and the earlier text is not known`;
      return { kind: 'skipped', value: { expected }, message };
    }
    return compare(input, expected, mode, ports);
  },
};

async function compare(
  { database, history, models, files }: Input,
  expected: ExpectedSchema,
  mode: 'Enforce' | 'Warn',
  { request }: RunPorts,
) {
  const found = await database.snapshot();
  const digests = await digestsOf(database, { history, files }, found);
  const earlier = digests && (await matchesEarlier(database, digests));
  if (earlier !== undefined) {
    const value = { expected, before: [], known: [], verified: digests };
    return { kind: 'done' as const, value, message: earlier };
  }
  const wanted = await replayIfPossible(() => expected.after(history.map(({ revision }) => revision)));
  if ('unavailable' in wanted) {
    const known = models === undefined ? [] : strangers(await differencesOn(database, models, found));
    return { kind: 'skipped' as const, value: { expected, known }, message: wanted.unavailable };
  }
  const known = await differencesOn(database, wanted, found);
  const before = known.map(describeDifference);
  const value = { expected, before, known };
  if (before.length === 0) {
    const message = 'the schema matches the applied migrations';
    return { kind: 'done' as const, value: { ...value, verified: digests }, message };
  }
  const message = `${count(before.length, 'difference')} from ${expected.source}: ${few(before)}. ${howToAdopt(request)}`;
  if (mode === 'Warn') return { kind: 'done' as const, value, message: `warning: ${message}` };
  return {
    ...failed(
      { reason: 'SchemaMismatch', message: `${message}. No changes were made. See: db-manager validate -v` },
      { touched: false },
    ),
    partial: value,
  };
}

/**
 * Models describe the head. Before the run, only whole tables that the models do not contain certainly belong to
 * another program: a column may be one that the run removes.
 */
function strangers(differences: readonly Difference[]): Difference[] {
  return differences.filter(({ kind, object }) => kind === 'extra' && object === 'table');
}

/**
 * What to do about intended differences. `db-manager baseline` does not change the models, so the advice then includes
 * a comparison with a replay.
 */
export function howToAdopt({ resource }: RunPorts['request'], fromModels = false): string {
  const replay = fromModels ? 'compare with a replay (validation.expect: Replay), and ' : '';
  const place = resource === undefined ? '' : " with this database's URL";
  return `If they are intended, ${replay}record the current schema as the baseline${place}: db-manager baseline`;
}
