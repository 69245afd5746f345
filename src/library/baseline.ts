import type { Baseline } from '../core/model/baseline.ts';
import { asWriter, author } from './session.ts';
import type { Options } from './settings.ts';

export interface BaselineOptions extends Options {
  /** `true`: no baseline from now on; a replay starts from an empty database again. */
  forget?: boolean;
}

export interface BaselineResult {
  /** The one that is kept now; absent after `forget`. */
  baseline?: Omit<Baseline, 'schema'>;
  /** Tables of the schema that was taken. */
  tables: number;
  /** Whether there was one before. */
  replaced: boolean;
}

/**
 * Keeps the schema as it is now, without rows, in the database itself. From then on a replay starts from it and runs
 * only what is applied later: for a database that did not begin empty, or whose old files cannot be run any more. Only
 * the table `db_manager_baseline` is written.
 *
 * @example
 * const { baseline } = await takeBaseline({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function takeBaseline(options: BaselineOptions = {}): Promise<BaselineResult> {
  return asWriter(options, async ({ database, runId }) => {
    if (options.forget === true) return { tables: 0, replaced: await database.baseline.forget() };
    const { now: takenAt, toolVersion } = author(runId);
    const revisions = (await database.history.read()).map(({ revision }) => revision);
    const replaced = (await database.baseline.read()) !== undefined;
    const schema = await database.baseline.schemaSql();
    const kept = { takenAt, runId, toolVersion, revisions };
    await database.baseline.keep({ ...kept, schema });
    return { baseline: kept, tables: (await database.snapshot()).tables.length, replaced };
  });
}
