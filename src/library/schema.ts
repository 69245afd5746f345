import { ProblemError } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { compareSnapshots, type Difference, describeDifference } from '../core/schema/compare.ts';
import type { Database } from '../database/port.ts';
import { loadMigrations } from '../migrations/load.ts';
import { readModels } from '../models/read.ts';
import { filesOf, type Session, withDatabase } from './session.ts';
import type { Options } from './settings.ts';

export interface TableResult {
  valid: boolean;
  missingColumns: string[];
  extraColumns: string[];
  /** Everything that is different, a sentence each. */
  differences: string[];
}

export interface ValidationResult {
  valid: boolean;
  /** What the database was compared with. */
  expected: string;
  missingTables: string[];
  extraTables: string[];
  tables: Record<string, TableResult>;
  /** All differences, a sentence each. */
  differences: string[];
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
    return toResult(source, snapshot, compareSnapshots(snapshot, found));
  });
}

/** Do models and migrations say the same? Replays all migrations on an empty scratch database; the target is not touched. */
export function checkModels(options: Options = {}): Promise<ValidationResult> {
  return withDatabase(options, async (session) => {
    const { settings, database } = session;
    if (settings.models === undefined) throw noModels();
    const snapshot = await readModels(settings.models, database.dialect);
    const all = (await filesOf(settings)).map(({ revision }) => revision);
    const found = await replay(session, all);
    return toResult(`the models in ${settings.models}`, snapshot, compareSnapshots(snapshot, found));
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

async function replay({ database, settings, runId }: Session, revisions: readonly string[]): Promise<Snapshot> {
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
  const scratch = await database.createScratch({ kind: 'empty' }, { runId: `${runId}-replay` });
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

function toResult(expected: string, wanted: Snapshot, all: Difference[]): ValidationResult {
  const plain = (name: string) => name.replace(/^(main|public)\./, '');
  const tables: ValidationResult['tables'] = {};
  for (const table of wanted.tables) {
    const key = `${table.schema}.${table.name}`;
    const mine = all.filter((difference) => difference.table === key);
    const columns = (kind: Difference['kind']) =>
      mine.filter((one) => one.object === 'column' && one.kind === kind).flatMap(({ name }) => name ?? []);
    tables[plain(key)] = {
      valid: mine.length === 0,
      missingColumns: columns('missing'),
      extraColumns: columns('extra'),
      differences: mine.map(describeDifference),
    };
  }
  const ofTables = (kind: Difference['kind']) =>
    all.filter((one) => one.object === 'table' && one.kind === kind).map(({ table }) => plain(table));
  return {
    valid: all.length === 0,
    expected,
    missingTables: ofTables('missing'),
    extraTables: ofTables('extra'),
    tables,
    differences: all.map(describeDifference),
  };
}

export function noModels(): ProblemError {
  return new ProblemError({
    reason: 'InvalidConfiguration',
    message: 'No models are given. Name their file or folder with --models, or keep them in ./models.',
  });
}
