import type { Baseline } from '../core/model/baseline.ts';
import { count } from '../core/model/count.ts';
import { asRun } from './runs.ts';
import { author, type Session } from './session.ts';
import type { Options } from './settings.ts';

export interface BaselineOptions extends Options {
  /** `true`: remove the baseline, so that a replay starts from an empty database. */
  forget?: boolean;
}

export interface BaselineResult {
  /** The current baseline; absent after `forget`. */
  baseline?: Omit<Baseline, 'schema'>;
  /** Tables of the recorded schema. */
  tables: number;
  /** Whether a baseline existed before. */
  replaced: boolean;
}

/**
 * Stores the current schema, without rows, in the database itself. A replay then starts from it and runs only the
 * migrations that are applied later: for a database that existed before its first migration, or whose old files can no
 * longer run. Only the table `db_manager_baseline` is written.
 *
 * @example
 * const { baseline } = await takeBaseline({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function takeBaseline(options: BaselineOptions = {}): Promise<BaselineResult> {
  return asRun(options, {
    name: 'baseline',
    work: (session) => baselineIn(session, options),
    describe: ({ baseline, tables }) => ({
      reason: 'Succeeded',
      message:
        baseline === undefined ? 'the baseline was removed' : `the schema of ${count(tables, 'table')} was stored`,
    }),
  });
}

async function baselineIn({ database, runId }: Session, options: BaselineOptions): Promise<BaselineResult> {
  if (options.forget === true) return { tables: 0, replaced: await database.baseline.forget() };
  const { now: takenAt, toolVersion } = author(runId);
  const revisions = (await database.history.read()).map(({ revision }) => revision);
  const replaced = (await database.baseline.read()) !== undefined;
  const schema = await database.baseline.schemaSql();
  const kept = { takenAt, runId, toolVersion, revisions };
  await database.baseline.keep({ ...kept, schema });
  return { baseline: kept, tables: (await database.snapshot()).tables.length, replaced };
}
