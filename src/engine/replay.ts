import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Baseline } from '../core/model/baseline.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Database, ScratchServer } from '../database/port.ts';
import { madeObjects } from '../migrations/made-objects.ts';
import { type GuardedScratch, openScratch } from './scratch.ts';

export interface ReplayStart {
  /** What runs on it at once. */
  first: readonly MigrationFile[];
  /** What may run on it later. */
  all: readonly MigrationFile[];
  /** Of the migrations. */
  folder: string;
  runId: string;
  /** Where the scratch database is made. */
  server?: ScratchServer;
}

/**
 * A scratch database as it was before these migrations: with the baseline where one is kept, else empty, but for the
 * extensions that someone installed for the target beforehand.
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
    await scratch.drop();
    throw error;
  }
}

/** Those that the migrations install are left to them; one that this user may not install is missed where it is used. */
async function installExtensions(
  database: Database,
  scratch: Database,
  folder: string,
  migrations: readonly MigrationFile[],
): Promise<void> {
  const installed = await database.baseline.extensions();
  if (installed.length === 0) return;
  const paths = migrations.flatMap(({ files }) => files.map((file) => join(folder, file)));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
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
      message: `cannot compare: the baseline cannot be loaded into an empty database (${why}). Take the schema as it is now: db-manager baseline`,
    },
    { cause: error },
  );
}
