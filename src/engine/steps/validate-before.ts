import { type Difference, describeDifference } from '../../core/schema/compare.ts';
import { differencesOn } from '../../engine/difference.ts';
import { type ExpectedSchema, replayIfPossible, replaySchema } from '../../engine/expected.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { count, few } from '../../engine/run-text.ts';
import type { Connected, Expecting, Inspected, Loaded, Planned } from '../../engine/state.ts';

type Input = Loaded & Connected & Inspected & Planned;

/**
 * Has anybody changed the schema behind the migrations' back? Models describe the head, so before a run only a
 * replay of what is applied can tell. Where that cannot be had, it says why, and the run goes on.
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
    return compare(input, expected, mode, ports);
  },
};

async function compare(
  { database, history, models }: Input,
  expected: ExpectedSchema,
  mode: 'Enforce' | 'Warn',
  { request }: RunPorts,
) {
  const found = await database.snapshot();
  const wanted = await replayIfPossible(() => expected.after(history.map(({ revision }) => revision)));
  if ('unavailable' in wanted) {
    const known = models === undefined ? [] : strangers(await differencesOn(database, models, found));
    return { kind: 'skipped' as const, value: { expected, known }, message: wanted.unavailable };
  }
  const known = await differencesOn(database, wanted, found);
  const before = known.map(describeDifference);
  const value = { expected, before, known };
  if (before.length === 0) return { kind: 'done' as const, value, message: 'the schema is as the migrations left it' };
  const message = `${count(before.length, 'difference')} from ${expected.source}: ${few(before)}. ${howToAdopt(request)}`;
  if (mode === 'Warn') return { kind: 'done' as const, value, message: `warning: ${message}` };
  return {
    ...failed(
      { reason: 'SchemaMismatch', message: `${message}. Nothing was touched. See: db-manager validate -v` },
      { touched: false },
    ),
    partial: value,
  };
}

/**
 * Models say what the head is, so before the run only whole tables that they do not know are sure to be another
 * program's: a column may be one that the run removes.
 */
function strangers(differences: readonly Difference[]): Difference[] {
  return differences.filter(({ kind, object }) => kind === 'extra' && object === 'table');
}

/** What a person does about differences that are meant. Models stay what they are, so there a replay has to be asked for. */
export function howToAdopt({ resource }: RunPorts['request'], fromModels = false): string {
  const replay = fromModels ? 'compare with a replay (validation.expect: Replay), and ' : '';
  const place = resource === undefined ? '' : " with this database's URL";
  return `If they are meant, ${replay}take the schema as it is now as the start${place}: db-manager baseline`;
}
