import { invalidConfiguration, type ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { type SchemaValidation, toValidationResult } from '../core/schema/validation.ts';
import { inWordsOf } from '../engine/difference.ts';
import { replaySchema } from '../engine/expected.ts';
import { filesOf, type Session, withModels } from './session.ts';
import type { Options } from './settings.ts';

/** How a schema compares: `missingTables`, `extraTables`, `tables[name]`, `differences` with the fix of each. */
export interface ValidationResult extends SchemaValidation {
  /** The schema that the database was compared with. */
  expected: string;
  /** What was not checked: tables of other schemas. */
  notes: string[];
}

/**
 * Compares the database with the models if there are any, else with a replay of the applied migrations.
 *
 * @example
 * const results = await validateSchema({ databaseUrl: 'sqlite:///data/app.db', models: './models' });
 * if (!results.valid) console.error(results.missingTables, results.tables.orders?.missingColumns);
 */
export function validateSchema(options: Options = {}): Promise<ValidationResult> {
  return withModels(options, async (session) => {
    const { database } = session;
    const { snapshot, source } = await expectedSchema(session);
    const found = await database.snapshot();
    const result = toValidationResult(await inWordsOf(database, snapshot, found), found);
    return { expected: source, ...result, notes: await notesOf(database) };
  });
}

/**
 * Compares models and migrations. Replays all migrations on an empty scratch database; the target is not changed.
 *
 * @example
 * const { valid, differences } = await checkModels({ databaseUrl: 'sqlite:///data/app.db', models: './models' });
 */
export function checkModels(options: Options = {}): Promise<ValidationResult> {
  return withModels(options, async (session) => {
    const { settings, database, models } = session;
    if (models === undefined) throw noModels();
    const covered = (await database.baseline.read())?.revisions ?? [];
    const rest = (await filesOf(settings)).map(({ revision }) => revision).filter((one) => !covered.includes(one));
    const found = await replay(session, [...covered, ...rest]);
    const snapshot = await inWordsOf(database, models, found);
    const result = toValidationResult(snapshot, found);
    return { expected: `the models in ${settings.models}`, ...result, notes: await notesOf(database) };
  });
}

/** Used by every comparison of schemas, so that tables that were not checked are always reported. */
export async function notesOf(database: Session['database']): Promise<string[]> {
  const others = await database.otherSchemas();
  return others === undefined ? [] : [others];
}

async function expectedSchema(session: Session): Promise<{ snapshot: Snapshot; source: string }> {
  const { settings, database, models } = session;
  if (models !== undefined) return { snapshot: models, source: `the models in ${settings.models}` };
  const applied = (await database.history.read()).map(({ revision }) => revision);
  return { snapshot: await replay(session, applied), source: 'a replay of the applied migrations' };
}

/** The schema after these migrations have run, in this order, on an empty database or on the baseline. */
export async function replay(session: Session, revisions: readonly Revision[]): Promise<Snapshot> {
  const { database, settings, scratchServer, runId } = session;
  const { migrations: folder, timeouts } = settings;
  const options = { folder, runId, server: scratchServer(), timeouts };
  return replayOn(database, await filesOf(settings), revisions, options);
}

/** The same without a session. */
export async function replayOn(
  database: Session['database'],
  files: Parameters<typeof replaySchema>[1],
  revisions: readonly Revision[],
  options: Omit<Parameters<typeof replaySchema>[2], 'defer'>,
): Promise<Snapshot> {
  const cleanups: (() => Promise<void>)[] = [];
  const defer = (_: string, cleanup: () => Promise<void>) => void cleanups.push(cleanup);
  try {
    return await replaySchema(database, files, { ...options, defer }).after(revisions);
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

export function noModels(): ProblemError {
  return invalidConfiguration(
    'No models were found. Pass their file or folder with --models, or put them in ./models.',
  );
}
