import type { Baseline } from '../core/model/baseline.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Database, Migrator, ScratchServer } from '../database/port.ts';
import { madeObjects } from '../migrations/made-objects.ts';
import { contentsOf } from '../migrations/read.ts';
import { type GuardedScratch, openScratch } from './scratch.ts';

interface ReplayStart {
  /** Migrations that run on it immediately. */
  first: readonly MigrationFile[];
  /** Migrations that may run on it later. */
  all: readonly MigrationFile[];
  /** The folder of the migrations. */
  folder: string;
  runId: string;
  /** The server on which the scratch database is created. */
  server?: ScratchServer;
}

/**
 * A scratch database in the state before these migrations: with the baseline if there is one, otherwise empty except
 * for the extensions that were installed in the target beforehand.
 */
export async function openReplay(
  database: Database,
  baseline: Baseline | undefined,
  { first, all, folder, runId, server }: ReplayStart,
): Promise<GuardedScratch> {
  const covered = new Set(baseline?.revisions);
  const { extensions, ...makes } = await madeObjects(
    folder,
    all.filter(({ revision }) => !covered.has(revision)),
  );
  const scratch = await openScratch(
    database,
    { kind: 'empty', ...makes },
    { runId: `${runId}-replay`, server, extensions },
  );
  try {
    if (baseline === undefined) await installExtensions(database, scratch.database, folder, first);
    else await scratch.database.baseline.load(baseline.schema).catch(asImpossible);
    await scratch.database.history.ensure();
    return scratch;
  } catch (error) {
    await scratch.drop().catch(() => {});
    throw error;
  }
}

/**
 * Excludes extensions that the migrations install. An extension that this user may not install is reported where it is
 * used.
 */
async function installExtensions(
  database: Pick<Migrator, 'baseline'>,
  scratch: Pick<Migrator, 'baseline'>,
  folder: string,
  migrations: readonly MigrationFile[],
): Promise<void> {
  const installed = await database.baseline.extensions();
  if (installed.length === 0) return;
  const contents = migrations.map((migration) => contentsOf(folder, migration));
  const texts = contents.flat().map(String);
  for (const { name, sql } of installed) {
    const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = new RegExp(`create\\s+extension\\b[^;]{0,200}?${escaped}`, 'i');
    if (!texts.some((text) => pattern.test(text))) await scratch.baseline.load(sql).catch(() => {});
  }
}

function asImpossible(error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new ProblemError(
    {
      reason: 'ReplayImpossible',
      message: `cannot compare: the baseline cannot be loaded into an empty database (${why}). Record the current schema as the baseline: db-manager baseline`,
    },
    { cause: error },
  );
}
