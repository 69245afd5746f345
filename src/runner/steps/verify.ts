import type { Snapshot } from '../../core/model/snapshot.ts';
import { currentPosition } from '../../core/planning/plan.ts';
import { describeDifference } from '../../core/schema/compare.ts';
import { differencesOn } from '../difference.ts';
import { whereReplayIsPossible } from '../expected.ts';
import { failed } from '../failure.ts';
import type { Step } from '../flow.ts';
import type { RunPorts } from '../ports.ts';
import type { Applied, Connected, Expecting, Inspected, Loaded, Planned, Verified } from '../state.ts';
import { count, few } from '../words.ts';
import { appliedMigrations } from './validate-before.ts';

type Input = Loaded & Connected & Inspected & Planned & Expecting & Applied;

/** Is the database what it should be now? Asks the history first, then the schema. */
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
      const message = `The history does not hold what was run: ${few(wrong.map(({ revision }) => revision))}.`;
      return { ...failed({ reason: 'SchemaMismatch', message }, { touched }), partial: value };
    }
    if (request.validation.after === 'Skip') {
      return { kind: 'skipped', value, message: 'turned off (validation.after: Skip)' };
    }
    const wanted = await expectedSchema({ ...input, ...value }, ports);
    if (wanted === undefined) {
      return { kind: 'skipped', value, message: 'no models, and files of applied migrations are missing' };
    }
    if ('impossible' in wanted) return { kind: 'skipped', value, message: `no replay: ${wanted.impossible}` };
    const after = (await differencesOn(database, wanted.snapshot, await database.snapshot())).map(describeDifference);
    if (after.length === 0)
      return { kind: 'done', value: { ...value, after }, message: `the schema equals ${wanted.source}` };
    const message = `${count(after.length, 'difference')} from ${wanted.source}: ${few(after)}`;
    if (request.validation.after === 'Warn') {
      return { kind: 'done', value: { ...value, after }, message: `warning: ${message}` };
    }
    return {
      ...failed({ reason: 'SchemaMismatch', message: `${message}. See: db-manager validate -v` }, { touched }),
      partial: { ...value, after },
    };
  },
};

function inspected({ history, current }: Inspected): Inspected {
  return { history, current };
}

/** Models where given and where the database stands at the head that they describe; else a replay. */
async function expectedSchema(
  input: Input,
  ports: RunPorts,
): Promise<{ snapshot: Snapshot; source: string } | { impossible: string } | undefined> {
  const { models, validation } = ports.request;
  const recorded = new Set(input.history.map(({ revision }) => revision));
  const atHead = input.files.every(({ revision }) => recorded.has(revision));
  if (models !== undefined && validation.expect !== 'Replay' && atHead) {
    // With Sequelize, which a run of `.sql` migrations has no other need of.
    const { readModels } = await import('../../models/read.ts');
    return { snapshot: await readModels(models.path, input.database.dialect), source: `the models in ${models.path}` };
  }
  const applied = await appliedMigrations(input, ports);
  if (applied === undefined) return undefined;
  return whereReplayIsPossible(async () => ({
    snapshot: await input.expected.after(applied),
    source: input.expected.source,
  }));
}
