import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { textStart } from '../core/model/clip.ts';
import type { Direction, LoadedMigration } from '../core/model/migration.ts';
import { orThrow, ProblemError } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { compareSnapshots, describeDifference } from '../core/schema/compare.ts';
import type { Database, ScratchSource } from '../database/port.ts';
import { differencesOn } from '../engine/difference.ts';
import { few } from '../engine/run-text.ts';
import { loadMigrations } from '../migrations/load.ts';
import { type NewMigration, writeMigration } from '../migrations/scaffold.ts';
import { filesOf, type Session } from './session.ts';

interface ToProve {
  /** The new migrations, in their order. */
  migrations: readonly NewMigration[];
  /** The expected schema after them. */
  models: Snapshot;
  /** Their start: the schema of the target, or an empty one. */
  from: ScratchSource & { kind: 'schema' | 'empty' };
}

/**
 * Applies new migrations to a scratch database with the schema of the target, compares it with the models, reverts them
 * and compares it with the start. Throws ProblemError InternalError if the schemas differ,
 * MigrationFailed if the server has too few locks. Returns the reason if no
 * scratch database can be created.
 */
export async function prove(session: Session, work: ToProve): Promise<string | undefined> {
  const { database, settings, runId } = session;
  const folder = await folderBeside(settings.migrations);
  try {
    const migrations = await written(folder, work.migrations, database);
    const made = await database
      .createScratch(work.from, { runId: `${runId}-proof`, folder })
      .catch((error: unknown) => whyNot(error));
    if (typeof made === 'string') return made;
    try {
      await play(made.database, migrations, work.models, session);
    } finally {
      await made.drop();
    }
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** At the same depth as the migrations, so that relative imports of a template resolve there too. */
async function folderBeside(migrations: string): Promise<string> {
  const prefix = '.db-manager-proof-';
  return mkdtemp(join(dirname(migrations), prefix)).catch(() => mkdtemp(join(tmpdir(), prefix)));
}

async function written(
  folder: string,
  migrations: readonly NewMigration[],
  { dialect }: Database,
): Promise<LoadedMigration[]> {
  for (const migration of migrations) orThrow(await writeMigration(folder, migration));
  return loadMigrations(folder, await filesOf({ migrations: folder }), dialect);
}

async function play(
  scratch: Database,
  migrations: LoadedMigration[],
  models: Snapshot,
  session: Session,
): Promise<void> {
  const start = await scratch.snapshot();
  await scratch.history.ensure();
  await migrate(scratch, 'up', migrations, session);
  const reached = (await differencesOn(scratch, models, await scratch.snapshot())).map(describeDifference);
  if (reached.length > 0) throw fault(`After its up, the schema differs from the models: ${few(reached)}`, session);
  await migrate(scratch, 'down', migrations.toReversed(), session);
  const back = compareSnapshots(start, await scratch.snapshot(), { names: 'exact' }).map(describeDifference);
  if (back.length > 0) throw fault(`After its down, the schema differs from the original one: ${few(back)}`, session);
}

async function migrate(scratch: Database, direction: Direction, migrations: LoadedMigration[], session: Session) {
  const { runId, settings } = session;
  const work = { direction, migrations, runId, toolVersion: TOOL_VERSION, timeouts: settings.timeouts };
  const outcome = await scratch.migrate(work);
  if (outcome.kind !== 'failed') return;
  const { reason, message, statement } = outcome.problem;
  if (/out of shared memory/.test(message)) throw tooManyLocks();
  // A lost connection, a full disk, an interruption: not the text of the migration.
  if (reason !== 'MigrationFailed') throw new ProblemError(outcome.problem);
  const sql = statement === undefined ? '' : ` (${textStart(statement.replace(/\s+/g, ' '), 300)})`;
  throw fault(`It cannot be ${direction === 'up' ? 'applied' : 'reverted'}: ${message}${sql}`, session);
}

/** Each new table, index and constraint is locked until the transaction ends. */
function tooManyLocks(): ProblemError {
  return new ProblemError({
    reason: 'MigrationFailed',
    message:
      'The generated migration needs more locks in one transaction than the server has, so nothing was written. Add the models in several steps and generate a migration for each, or increase max_locks_per_transaction on the server and restart it.',
  });
}

function fault(what: string, { settings }: Session): ProblemError {
  const whose =
    settings.template === undefined
      ? 'This is a bug in db-manager, not in your models'
      : 'This is a bug in db-manager or in the template, not in your models';
  return new ProblemError({
    reason: 'InternalError',
    message: `The generated migration failed on a scratch database, so nothing was written. ${what.replace(/\.$/, '')}. ${whose}. Please report it. Until it is fixed, write the migration by hand: db-manager generate --no-autogenerate`,
  });
}

/** Reasons why no scratch database can be created on this machine or server, or by this user. */
const NO_SCRATCH = new Set(['RehearsalImpossible', 'ClientTooOld', 'CheckFailed', 'PermissionDenied', 'NoSpace']);

function whyNot(error: unknown): string {
  if (error instanceof ProblemError && NO_SCRATCH.has(error.problem.reason)) return error.problem.message;
  throw error;
}
