import type { LoadedMigration } from '../../core/model/migration.ts';
import { describeDifference } from '../../core/schema/compare.ts';
import { loadMigrations } from '../../migrations/load.ts';
import { differencesOn } from '../difference.ts';
import { type ExpectedSchema, replaySchema, whereReplayIsPossible } from '../expected.ts';
import { failed } from '../failure.ts';
import type { Step } from '../flow.ts';
import type { RunPorts } from '../ports.ts';
import type { Connected, Expecting, Inspected, Loaded, Planned } from '../state.ts';
import { count, few } from '../words.ts';

type Input = Loaded & Connected & Inspected & Planned;

/**
 * Has anybody changed the schema behind the migrations' back? Models describe the head, so before a run only a
 * replay of what is applied can tell. Where files of applied migrations are gone, nobody can: it says so.
 */
export const validateBefore: Step<Input, Expecting> = {
  name: 'validateBefore',
  async run(input, ports) {
    const expected = replaySchema(input.database, input.files, ports);
    const mode = ports.request.validation.before;
    if (mode === 'Skip')
      return { kind: 'skipped', value: { expected }, message: 'turned off (validation.before: Skip)' };
    if (input.plan.migrations.length === 0) {
      return { kind: 'skipped', value: { expected }, message: 'nothing to run; verify compares the schema' };
    }
    const applied = await appliedMigrations(input, ports);
    if (applied === undefined) {
      return {
        kind: 'skipped',
        value: { expected },
        message: 'files of applied migrations are missing; cannot replay',
      };
    }
    return compare(input, expected, applied, mode);
  },
};

/** The applied migrations in their order, loaded; undefined where a file is gone. */
export async function appliedMigrations(
  { files, history, database }: Loaded & Connected & Inspected,
  { request }: RunPorts,
): Promise<LoadedMigration[] | undefined> {
  const byRevision = new Map(files.map((file) => [file.revision, file]));
  const found = history.map(({ revision }) => byRevision.get(revision));
  if (found.some((file) => file === undefined)) return undefined;
  const wanted = found.filter((file) => file !== undefined);
  return loadMigrations(request.migrations.path, wanted, database.dialect);
}

async function compare(
  { database }: Connected,
  expected: ExpectedSchema,
  applied: LoadedMigration[],
  mode: 'Enforce' | 'Warn',
) {
  const wanted = await whereReplayIsPossible(() => expected.after(applied));
  if ('impossible' in wanted) {
    return { kind: 'skipped' as const, value: { expected }, message: `no replay: ${wanted.impossible}` };
  }
  const differences = await differencesOn(database, wanted, await database.snapshot());
  const before = differences.map(describeDifference);
  const value = { expected, before };
  if (before.length === 0) return { kind: 'done' as const, value, message: 'the schema is as the migrations left it' };
  const message = `${count(before.length, 'difference')} from ${expected.source}: ${few(before)}`;
  if (mode === 'Warn') return { kind: 'done' as const, value, message: `warning: ${message}` };
  return {
    ...failed(
      { reason: 'SchemaMismatch', message: `${message}. Nothing was touched. See: db-manager validate -v` },
      { touched: false },
    ),
    partial: value,
  };
}
