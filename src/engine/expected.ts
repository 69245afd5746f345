import type { Baseline } from '../core/model/baseline.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Timeouts } from '../core/model/target.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import type { Database, ScratchServer } from '../database/port.ts';
import { loadMigrations } from '../migrations/load.ts';
import { openReplay } from './replay.ts';
import type { GuardedScratch } from './scratch.ts';

/** Says what the schema should be. Where there is nothing to say it by, says why. */
export interface ExpectedSchema {
  /** What it is derived from, for messages: `the models in ./models`, `a replay of the migrations`. */
  source: string;
  /**
   * The schema after these migrations, in this order. Throws ProblemError ReplayImpossible or RehearsalImpossible where
   * there is none.
   */
  after(revisions: readonly Revision[]): Promise<Snapshot>;
}

export interface ReplayOptions {
  /** Of the migrations. */
  folder: string;
  runId: string;
  /** Where the scratch database is made. */
  server?: ScratchServer;
  timeouts: Timeouts;
  signal?: AbortSignal;
  /** Called with what drops the scratch database, once there is one. */
  defer(what: string, cleanup: () => Promise<void>): void;
}

/**
 * What `make` gives, or why it cannot be had. A database that did not begin empty, or a user who may not create a
 * scratch database, is no reason to fail migrations that can go without the comparison.
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
 * The expected schema by replay: the migrations run on an empty scratch database, which is then introspected. It starts
 * with the baseline, where the database keeps one. The scratch database is made on first use, goes on where the next
 * call extends the last one, and is made again where it does not (a downgrade).
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
    if (outcome.kind === 'stopped') throw new ProblemError({ reason: 'Interrupted', message: 'Asked to stop.' });
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
      const wanted = beyond(kept.baseline, revisions);
      if (scratch !== undefined && !replayed.every((revision, index) => wanted[index] === revision)) {
        await scratch.drop();
        scratch = undefined;
      }
      if (scratch === undefined) replayed = [];
      return run(wanted);
    },
  };
}

/** What is to be replayed on top of the baseline. Throws where the database has gone back behind it. */
export function beyond(baseline: Baseline | undefined, revisions: readonly Revision[]): Revision[] {
  const applied = new Set(revisions);
  const gone = baseline?.revisions.find((revision) => !applied.has(revision));
  if (gone !== undefined) {
    throw unavailable(
      `cannot compare: the baseline has ${gone}, which is not applied any more. Take the schema as it is now: db-manager baseline`,
    );
  }
  const covered = new Set(baseline?.revisions);
  return revisions.filter((revision) => !covered.has(revision));
}

function fileOf(revision: Revision, files: ReadonlyMap<Revision, MigrationFile>): MigrationFile {
  const file = files.get(revision);
  if (file !== undefined) return file;
  throw unavailable(
    `cannot compare: ${revision} is applied, but its file is gone. Bring it back, or take the schema as it is now as the start: db-manager baseline`,
  );
}

function asImpossible(error: unknown): never {
  if (!(error instanceof ProblemError) || error.problem.reason === 'Interrupted') throw error;
  throw cannotCompare(error.problem.migration ?? 'an applied migration', error.problem.message);
}

const ABSENT =
  /\b(relation|type|schema|function|sequence|extension|role|table|column|index|view) "?([^\s"]+)"? does not exist|no such (table|column|index|view|function): (\S+)/i;

/** Why the applied migrations do not run on an empty database, and the way out. */
export function cannotCompare(migration: string, message: string): ProblemError {
  const [, kind, name, other, its] = ABSENT.exec(message) ?? [];
  const why =
    kind === undefined && other === undefined
      ? `${migration} does not run on an empty database (${message.slice(0, 300).replace(/[.\s]+$/, '')})`
      : `${(kind ?? other)?.toLowerCase()} ${name ?? its} is not made by these migrations (${migration} needs it)`;
  return unavailable(`cannot compare: ${why}; baseline with: db-manager baseline`);
}

function unavailable(message: string): ProblemError {
  return new ProblemError({ reason: 'ReplayImpossible', message });
}
