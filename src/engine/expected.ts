import type { Baseline } from '../core/model/baseline.ts';
import { textStart } from '../core/model/clip.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Timeouts } from '../core/model/target.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { repeatablesLast } from '../core/planning/repeatable.ts';
import type { Database, ScratchServer } from '../database/port.ts';
import { loadMigrations } from '../migrations/load.ts';
import { openReplay } from './replay.ts';
import type { GuardedScratch } from './scratch.ts';

/** Determines what the schema should be, or why that cannot be determined. */
export interface ExpectedSchema {
  /** The source of the expected schema, for messages: `the models in ./models`, `a replay of the migrations`. */
  source: string;
  /**
   * The schema after these migrations, in this order. Throws ProblemError ReplayImpossible or RehearsalImpossible if it
   * cannot be determined.
   */
  after(revisions: readonly Revision[]): Promise<Snapshot>;
}

interface ReplayOptions {
  /** The folder of the migrations. */
  folder: string;
  runId: string;
  /** The server on which the scratch database is created. */
  server?: ScratchServer;
  timeouts: Timeouts;
  signal?: AbortSignal;
  /** Called with the function that drops the scratch database, after it is created. */
  defer(what: string, cleanup: () => Promise<void>): void;
}

/**
 * The result of `make`, or the reason why it is unavailable. Migrations that run without the comparison must not fail
 * because the database was not empty at first, or because the user may not create a scratch database.
 */
export async function replayIfPossible<T>(make: () => Promise<T>): Promise<T | { unavailable: string }> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { reason, message } = error.problem;
    if (reason === 'ReplayImpossible') return { unavailable: message };
    if (reason === 'RehearsalImpossible' || reason === 'NotRehearsable')
      return { unavailable: `cannot compare: ${message}` };
    throw error;
  }
}

/**
 * The expected schema by replay: the migrations run on an empty scratch database, which is then introspected. The
 * replay starts with the baseline if the database has one. The scratch database is created on first use. It is reused
 * if the next call extends the previous one, and recreated if not (a downgrade).
 */
export function replaySchema(
  database: Database,
  files: readonly MigrationFile[],
  options: ReplayOptions,
): ExpectedSchema {
  const byRevision = new Map(files.map((file) => [file.revision, file]));
  let scratch: GuardedScratch | undefined;
  let replayed: Revision[] = [];
  let kept: { baseline: Baseline | undefined } | undefined;

  const run = async (revisions: readonly Revision[]) => {
    const wanted = revisions.slice(replayed.length).map((revision) => fileOf(revision, byRevision));
    const migrations = await loadMigrations(options.folder, wanted, database.dialect).catch(asImpossible);
    scratch ??= await open(wanted);
    const outcome = await scratch.database.migrate({
      direction: 'up',
      migrations,
      runId: options.runId,
      toolVersion: TOOL_VERSION,
      timeouts: options.timeouts,
      signal: options.signal,
    });
    if (outcome.kind === 'stopped')
      throw new ProblemError({ reason: 'Interrupted', message: 'The run was stopped on request.' });
    if (outcome.kind === 'failed' && options.signal?.aborted) throw new ProblemError(outcome.problem);
    if (outcome.kind === 'failed') throw cannotCompare(outcome.problem.migration ?? '', outcome.problem.message);
    replayed = [...revisions];
    return scratch.database.snapshot();
  };

  const open = async (wanted: readonly MigrationFile[]) => {
    const { folder, runId } = options;
    const made = await openReplay(database, kept?.baseline, {
      first: wanted,
      all: files,
      folder,
      runId,
      server: options.server,
    });
    options.defer('the replay database', () => made.drop());
    return made;
  };

  return {
    source: 'a replay of the migrations',
    async after(revisions) {
      kept ??= { baseline: await database.baseline.read() };
      const wanted = repeatablesLast(beyond(kept.baseline, revisions));
      if (scratch !== undefined && !replayed.every((revision, index) => wanted[index] === revision)) {
        await scratch.drop().catch(() => {});
        scratch = undefined;
      }
      if (scratch === undefined) replayed = [];
      return run(wanted);
    },
  };
}

/** The revisions to replay on top of the baseline. Throws if the database was reverted to an older revision. */
export function beyond(baseline: Baseline | undefined, revisions: readonly Revision[]): Revision[] {
  const applied = new Set(revisions);
  const gone = baseline?.revisions.find((revision) => !applied.has(revision));
  if (gone !== undefined) {
    throw unavailable(
      `cannot compare: the baseline contains ${gone}, which is no longer applied. Record the current schema as the baseline: db-manager baseline`,
    );
  }
  const covered = new Set(baseline?.revisions);
  return revisions.filter((revision) => !covered.has(revision));
}

function fileOf(revision: Revision, files: ReadonlyMap<Revision, MigrationFile>): MigrationFile {
  const file = files.get(revision);
  if (file !== undefined) return file;
  throw unavailable(
    `cannot compare: ${revision} is applied, but its file is missing. Restore it, or record the current schema as the baseline: db-manager baseline`,
  );
}

function asImpossible(error: unknown): never {
  if (!(error instanceof ProblemError) || error.problem.reason === 'Interrupted') throw error;
  throw cannotCompare(error.problem.migration ?? 'an applied migration', error.problem.message);
}

const ABSENT =
  /\b(relation|type|schema|function|sequence|extension|role|table|column|index|view) "?([^\s"]+)"? does not exist|no such (table|column|index|view|function): (\S+)/i;

/** Why the applied migrations do not run on an empty database, and what to do. */
function cannotCompare(migration: string, message: string): ProblemError {
  const [, kind, name, other, its] = ABSENT.exec(message) ?? [];
  const why =
    kind === undefined && other === undefined
      ? `${migration} does not run on an empty database (${textStart(message, 300).replace(/[.\s]+$/, '')})`
      : `${(kind ?? other)?.toLowerCase()} ${name ?? its} is not created by these migrations (${migration} needs it)`;
  return unavailable(`cannot compare: ${why}; record the current schema as the baseline: db-manager baseline`);
}

function unavailable(message: string): ProblemError {
  return new ProblemError({ reason: 'ReplayImpossible', message });
}
