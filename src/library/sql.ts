import type { Direction, LoadedMigration, MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import { requireReversible } from '../core/planning/plan.ts';
import { recordOn } from '../engine/recording.ts';
import { openReplay } from '../engine/replay.ts';
import { loadMigrations } from '../migrations/load.ts';
import { type Recorded, staysInTransaction } from '../migrations/statements/read.ts';
import { getCurrentRevision } from './current.ts';
import { parseRange } from './range.ts';
import { filesOf, withDatabase } from './session.ts';
import { type Options, settingsOf } from './settings.ts';

export interface SqlOptions extends Options {
  /** `from:to`, each `base`, `head`, a revision or its unique prefix; a reversed range reverts. Default: pending migrations. */
  range?: string;
}

export interface MigrationSql {
  revision: Revision;
  direction: Direction;
  /** False if the author opted out of it. */
  transaction: boolean;
  /** `recorded`: the migration is code, and these are the statements that it ran on an empty scratch database. */
  source: 'file' | 'recorded';
  statements: string[];
}

/**
 * The SQL that would run, in order. A range of `.sql` files needs no database, only its URL, which selects the
 * dialect. Code is run on an empty scratch database and its statements are recorded, so statements that depend on
 * existing rows are missing. The target is not changed. Throws ProblemError.
 *
 * @example
 * const sql = await migrateSql({ databaseUrl: 'sqlite:///data/app.db', range: 'base:head' });
 */
export async function migrateSql(options: SqlOptions = {}): Promise<MigrationSql[]> {
  const settings = await settingsOf(options);
  const files = await filesOf(settings);
  const { direction, wanted } = await choose(options, files);
  const { dialect } = settings.target;
  const migrations = await loadMigrations(settings.migrations, wanted, dialect);
  const stuck = direction === 'down' ? requireReversible(migrations) : undefined;
  if (stuck !== undefined) throw new ProblemError(stuck);
  const recorded = migrations.some((migration) => bodyOf(migration, direction)?.kind === 'code')
    ? await record(options, files, migrations, direction)
    : new Map<string, Recorded>();
  return migrations.map((migration): MigrationSql => {
    const { revision } = migration;
    const body = bodyOf(migration, direction);
    const sent = recorded.get(revision)?.statements ?? [];
    const transaction = staysInTransaction(migration, direction, sent, dialect);
    const common = { revision, direction, transaction };
    if (body?.kind === 'sql') return { ...common, source: 'file', statements: body.statements.map(({ sql }) => sql) };
    return {
      ...common,
      source: 'recorded',
      statements: sent.map(({ sql }) => sql),
    };
  });
}

function bodyOf(migration: LoadedMigration, direction: Direction) {
  return direction === 'up' ? migration.up : migration.down;
}

async function choose(
  options: SqlOptions,
  files: MigrationFile[],
): Promise<{ direction: Direction; wanted: MigrationFile[] }> {
  if (options.range === undefined) {
    const pending = new Set((await getCurrentRevision(options)).pending);
    return { direction: 'up', wanted: files.filter(({ revision }) => pending.has(revision)) };
  }
  const { start, end } = parseRange(
    options.range,
    files.map(({ revision }) => revision),
  );
  if (end >= start) return { direction: 'up', wanted: files.slice(start + 1, end + 1) };
  return { direction: 'down', wanted: files.slice(end + 1, start + 1).reverse() };
}

/** Everything before the range runs on the scratch database, and then the range while its queries are recorded. */
function record(
  options: Options,
  files: MigrationFile[],
  range: LoadedMigration[],
  direction: Direction,
): Promise<ReadonlyMap<string, Recorded>> {
  return withDatabase(options, async ({ database, settings, scratchServer, runId }) => {
    const inRange = new Set(range.map(({ revision }) => revision));
    const kept = await database.baseline.read();
    // The baseline cannot be used if it contains the range itself.
    const baseline = kept?.revisions.some((revision) => inRange.has(revision)) ? undefined : kept;
    const covered = new Set(baseline?.revisions);
    const first = files.findIndex(({ revision }) => inRange.has(revision));
    const earlier = files
      .slice(0, direction === 'up' ? first : first + range.length)
      .filter(({ revision }) => !covered.has(revision));
    const start = {
      first: earlier,
      all: files,
      folder: settings.migrations,
      runId: `${runId}-sql`,
      server: scratchServer(),
    };
    const scratch = await openReplay(database, baseline, start);
    try {
      const before = await loadMigrations(settings.migrations, earlier, database.dialect);
      const { recorded, problem } = await recordOn(scratch.database, {
        migrations: range,
        direction,
        before,
        folder: settings.migrations,
        runId,
        timeouts: settings.timeouts,
        signal: options.signal,
      });
      if (problem !== undefined) throw new ProblemError(problem);
      return recorded;
    } finally {
      await scratch.drop();
    }
  });
}
