import { ProblemError } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { type SchemaValidation, toValidationResult } from '../core/schema/validation.ts';
import type { Database } from '../database/port.ts';
import { loadMigrations } from '../migrations/load.ts';
import { madeObjects } from '../migrations/made-objects.ts';
import { readModels } from '../models/read.ts';
import { openScratch } from '../runner/scratch.ts';
import { scratchServerOf } from './scratch-server.ts';
import { filesOf, type Session, withDatabase } from './session.ts';
import type { Options } from './settings.ts';

/** How a schema compares: `missingTables`, `extraTables`, `tables[name]`, `differences` with what would mend each. */
export interface ValidationResult extends SchemaValidation {
  /** What the database was compared with. */
  expected: string;
}

/**
 * Compares the database with the models where there are some, else with a replay of the applied migrations.
 *
 * @example
 * const results = await validateSchema({ databaseUrl: 'sqlite:///data/app.db', models: './models' });
 * if (!results.valid) console.error(results.missingTables, results.tables.orders?.missingColumns);
 */
export function validateSchema(options: Options = {}): Promise<ValidationResult> {
  return withDatabase(options, async (session) => {
    const { snapshot, source } = await expectedSchema(session);
    const found = await session.database.snapshot();
    return { expected: source, ...toValidationResult(snapshot, found) };
  });
}

/**
 * Do models and migrations say the same? Replays all migrations on an empty scratch database; the target is not touched.
 *
 * @example
 * const { valid, differences } = await checkModels({ databaseUrl: 'sqlite:///data/app.db', models: './models' });
 */
export function checkModels(options: Options = {}): Promise<ValidationResult> {
  return withDatabase(options, async (session) => {
    const { settings, database } = session;
    if (settings.models === undefined) throw noModels();
    const snapshot = await readModels(settings.models, database.dialect);
    const all = (await filesOf(settings)).map(({ revision }) => revision);
    const found = await replay(session, all);
    return { expected: `the models in ${settings.models}`, ...toValidationResult(snapshot, found) };
  });
}

async function expectedSchema(session: Session): Promise<{ snapshot: Snapshot; source: string }> {
  const { settings, database } = session;
  if (settings.models !== undefined) {
    return {
      snapshot: await readModels(settings.models, database.dialect),
      source: `the models in ${settings.models}`,
    };
  }
  const applied = (await database.history.read()).map(({ revision }) => revision);
  return { snapshot: await replay(session, applied), source: 'a replay of the applied migrations' };
}

/** The schema that these migrations, in this order, make of an empty database. */
export async function replay({ database, settings, runId }: Session, revisions: readonly string[]): Promise<Snapshot> {
  const files = new Map((await filesOf(settings)).map((file) => [file.revision as string, file]));
  const wanted = revisions.map((revision) => {
    const file = files.get(revision);
    if (file !== undefined) return file;
    throw new ProblemError({
      reason: 'MissingMigration',
      message: `${revision} is applied, but its file is gone, so the schema cannot be replayed. Give models, or bring the file back.`,
    });
  });
  const migrations = await loadMigrations(settings.migrations, wanted, database.dialect);
  const { extensions, ...makes } = await madeObjects(settings.migrations, wanted);
  const server = scratchServerOf(settings.safety.rehearsalServer);
  const options = { runId: `${runId}-replay`, server, extensions };
  const scratch = await openScratch(database, { kind: 'empty', ...makes }, options);
  try {
    return await applyAll(scratch.database, migrations, settings.timeouts, runId);
  } finally {
    await scratch.drop();
  }
}

async function applyAll(
  database: Database,
  migrations: Awaited<ReturnType<typeof loadMigrations>>,
  timeouts: Session['settings']['timeouts'],
  runId: string,
): Promise<Snapshot> {
  await database.history.ensure();
  const outcome = await database.migrate({ direction: 'up', migrations, runId, toolVersion: TOOL_VERSION, timeouts });
  if (outcome.kind === 'failed') throw new ProblemError(outcome.problem);
  return database.snapshot();
}

export function noModels(): ProblemError {
  return new ProblemError({
    reason: 'InvalidConfiguration',
    message: 'No models are given. Name their file or folder with --models, or keep them in ./models.',
  });
}
