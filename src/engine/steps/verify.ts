import type { Snapshot } from '../../core/model/snapshot.ts';
import { currentPosition } from '../../core/planning/plan.ts';
import { type Difference, describeDifference } from '../../core/schema/compare.ts';
import { differencesOn } from '../../engine/difference.ts';
import { replayIfPossible } from '../../engine/expected.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { count, few } from '../../engine/run-text.ts';
import type { Applied, Connected, Expecting, Inspected, Loaded, Planned, Verified } from '../../engine/state.ts';
import { howToAdopt } from '../../engine/steps/validate-before.ts';

type Input = Loaded & Connected & Inspected & Planned & Expecting & Applied;

/** Checks that the database has the expected state: first the history, then the schema. */
export const verify: Step<Input, Verified & Inspected> = {
  name: 'verify',
  async run(input, ports) {
    const { database, plan } = input;
    const { request } = ports;
    if (request.dryRun && plan.migrations.length > 0) {
      return { kind: 'skipped', value: inspected(input), message: 'a dry run changed nothing' };
    }
    const history = await database.history.read();
    const value = { history, current: currentPosition(history) };
    const applied = new Set(history.flatMap(({ revision, state }) => (state === 'applied' ? [revision] : [])));
    const wrong = plan.migrations.filter(({ revision }) => applied.has(revision) !== (plan.direction === 'up'));
    const touched = input.done.length > 0;
    if (wrong.length > 0) {
      const message = `The migration history does not match the migrations that were run: ${few(wrong.map(({ revision }) => revision))}.`;
      return { ...failed({ reason: 'SchemaMismatch', message }, { touched }), partial: value };
    }
    if (request.validation.after === 'Disabled') {
      return { kind: 'skipped', value, message: 'turned off (validation.after: Disabled)' };
    }
    if (input.ahead.length > 0) {
      const message = `not compared: the database is newer than the files (${few(input.ahead)})`;
      return { kind: 'skipped', value, message };
    }
    const wanted = await expectedSchema({ ...input, ...value }, ports);
    if ('unavailable' in wanted) return { kind: 'skipped', value, message: wanted.unavailable };
    const differences = await differencesOn(database, wanted.snapshot, await database.snapshot());
    const after = differences.map(describeDifference);
    if (after.length === 0)
      return { kind: 'done', value: { ...value, after }, message: `the schema matches ${wanted.source}` };
    const fresh = differences.filter((one) => !isKnown(one, input.known));
    const message = `${count(after.length, 'difference')} from ${wanted.source}: ${few(after)}`;
    if (touched && fresh.length === 0) {
      const text = `warning: ${message}. All existed before this run. ${howToAdopt(request, wanted.snapshot === input.models)}`;
      return { kind: 'done', value: { ...value, after }, message: text };
    }
    if (request.validation.after === 'Warn') {
      return { kind: 'done', value: { ...value, after }, message: `warning: ${message}` };
    }
    const wrongNow =
      touched && fresh.length < after.length
        ? `${count(fresh.length, 'difference')} from ${wanted.source}: ${few(fresh.map(describeDifference))}; ${after.length - fresh.length} more existed before this run`
        : message;
    const advice = touched ? '' : ` ${howToAdopt(request, wanted.snapshot === input.models)}`;
    return {
      ...failed(
        { reason: 'SchemaMismatch', message: `${wrongNow}. See: db-manager validate -v.${advice}` },
        { touched },
      ),
      partial: { ...value, after },
    };
  },
};

function inspected({ history, current }: Inspected): Inspected {
  return { history, current };
}

/** The same object with the same difference as before the run; the expected value may be written differently. */
function isKnown(difference: Difference, known: readonly Difference[] = []): boolean {
  const key = ({ kind, object, table, name, property, expected, found }: Difference) =>
    JSON.stringify([kind, object, table, name, property, found ?? expected]);
  return known.some((one) => key(one) === key(difference));
}

/** The models, if the request has models and the database is at the head that they describe; otherwise a replay. */
async function expectedSchema(
  input: Input,
  { request: { models: place, validation } }: RunPorts,
): Promise<{ snapshot: Snapshot; source: string } | { unavailable: string }> {
  const recorded = new Set(input.history.map(({ revision }) => revision));
  const folder = input.files.filter(({ stored }) => stored === undefined);
  const atHead = folder.every(({ revision }) => recorded.has(revision));
  if (place !== undefined && input.models !== undefined && validation.expect !== 'Replay' && atHead) {
    return { snapshot: input.models, source: `the models in ${place.path}` };
  }
  return replayIfPossible(async () => ({
    snapshot: await input.expected.after(input.history.map(({ revision }) => revision)),
    source: input.expected.source,
  }));
}
