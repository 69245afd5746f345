import type { Snapshot } from '../../core/model/snapshot.ts';
import { currentPosition } from '../../core/planning/plan.ts';
import { type Difference, describeDifference } from '../../core/schema/compare.ts';
import { differencesOn } from '../../engine/difference.ts';
import { replayIfPossible } from '../../engine/expected.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { verifyStep } from '../../engine/query-checks.ts';
import { count, few } from '../../engine/run-text.ts';
import type {
  Applied,
  Checked,
  Connected,
  Expecting,
  Inspected,
  Loaded,
  Planned,
  Rehearsed,
  Verified,
} from '../../engine/state.ts';
import { howToAdopt } from '../../engine/steps/validate-before.ts';
import { digestsOf, matchesEarlier, schemaDigest } from '../../engine/verified.ts';

type Input = Loaded & Connected & Inspected & Planned & Expecting & Rehearsed & Applied & Pick<Checked, 'checks'>;
type Verify = Step<Input, Verified & Inspected>;

/** Checks that the database has the expected state: the history, the schema, then the queries of `checks`. */
export const verify: Verify = verifyStep(compareSchema);

async function compareSchema(input: Input, ports: RunPorts): ReturnType<Verify['run']> {
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
  const found = await database.snapshot();
  const digests = await digestsOf(database, { ...value, files: input.files }, found);
  const proof = digests && ((await matchesEarlier(database, digests)) ?? (await matchesRehearsal(input, found)));
  const models = modelsOfHead({ ...input, ...value }, ports);
  if (models === undefined && proof !== undefined) {
    return { kind: 'done', value: { ...value, after: [], verified: digests }, message: proof };
  }
  const wanted = models ?? (await replayed({ ...input, ...value }));
  if ('unavailable' in wanted) return { kind: 'skipped', value, message: wanted.unavailable };
  const differences = await differencesOn(database, wanted.snapshot, found);
  const after = differences.map(describeDifference);
  if (after.length === 0) {
    const verified = models === undefined || proof !== undefined ? { verified: digests } : {};
    return { kind: 'done', value: { ...value, after, ...verified }, message: `the schema matches ${wanted.source}` };
  }
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
    ...failed({ reason: 'SchemaMismatch', message: `${wrongNow}. See: db-manager validate -v.${advice}` }, { touched }),
    partial: { ...value, after },
  };
}

function inspected({ history, current }: Inspected): Inspected {
  return { history, current };
}

/** The same object with the same difference as before the run; the expected value may be written differently. */
function isKnown(difference: Difference, known: readonly Difference[] = []): boolean {
  const key = ({ kind, object, table, name, property, expected, found }: Difference) =>
    JSON.stringify([kind, object, table, name, property, found ?? expected]);
  return known.some((one) => key(one) === key(difference));
}

/** The models, if the request has models and the database is at the head that they describe. */
function modelsOfHead(
  { history, files, models }: Input,
  { request: { models: place, validation } }: RunPorts,
): { snapshot: Snapshot; source: string } | undefined {
  if (place === undefined || models === undefined || validation.expect === 'Replay') return undefined;
  const recorded = new Set(history.map(({ revision }) => revision));
  const folder = files.filter(({ stored }) => stored === undefined);
  const atHead = folder.every(({ revision }) => recorded.has(revision));
  return atHead ? { snapshot: models, source: `the models in ${place.path}` } : undefined;
}

function replayed({
  expected,
  history,
}: Input): Promise<{ snapshot: Snapshot; source: string } | { unavailable: string }> {
  return replayIfPossible(async () => ({
    snapshot: await expected.after(history.map(({ revision }) => revision)),
    source: expected.source,
  }));
}

/**
 * Before the run the schema matched the migrations, and the rehearsal ran the pending ones on exactly that schema. The
 * result of the rehearsal is then what a replay would give. A migration that reverts must be compared with a replay: its
 * rehearsal repeats what it leaves behind. A difference is not judged here either.
 */
async function matchesRehearsal(
  { database, plan, verified, schemas, done }: Input,
  found: Snapshot,
): Promise<string | undefined> {
  if (plan.direction !== 'up' || done.length !== plan.migrations.length || done.length === 0) return undefined;
  if (verified === undefined || schemas === undefined) return undefined;
  if (schemaDigest(schemas.before) !== verified.schema) return undefined;
  const differences = await differencesOn(database, schemas.after, found);
  return differences.length === 0
    ? 'the schema matches the rehearsal, which started from the schema of the applied migrations'
    : undefined;
}
