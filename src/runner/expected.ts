import type { LoadedMigration, MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import type { Database } from '../database/port.ts';
import { madeObjects } from '../migrations/made-objects.ts';
import type { RunPorts } from './ports.ts';
import { type GuardedScratch, openScratch } from './scratch.ts';

/** Says what the schema should be. Where nobody can tell, says why. */
export interface ExpectedSchema {
  /** What it is derived from, for messages: `the models in ./models`, `a replay of 12 migrations`. */
  source: string;
  /** The schema after these migrations, in this order. Each call must extend the one before. */
  after(migrations: LoadedMigration[]): Promise<Snapshot>;
}

/**
 * What `make` gives, or why it cannot be had: a database user without the right to create a scratch database
 * is no reason to fail a migration that can go without the comparison.
 */
export async function whereReplayIsPossible<T>(make: () => Promise<T>): Promise<T | { impossible: string }> {
  try {
    return await make();
  } catch (error) {
    const impossible =
      error instanceof ProblemError && ['RehearsalImpossible', 'NotRehearsable'].includes(error.problem.reason);
    if (impossible) return { impossible: error.problem.message };
    throw error;
  }
}

/**
 * The expected schema by replay: the migrations run on an empty scratch database, which is then introspected.
 * The scratch database is made on first use, goes on where the next call extends the last one, is made anew
 * where it does not (a downgrade), and is dropped when the run ends.
 */
export function replaySchema(database: Database, files: readonly MigrationFile[], ports: RunPorts): ExpectedSchema {
  const { request } = ports;
  let scratch: GuardedScratch | undefined;
  let replayed: string[] = [];

  const open = async () => {
    const { extensions, ...makes } = await madeObjects(request.migrations.path, files);
    const options = { runId: `${request.runId}-replay`, server: ports.rehearsalServer, extensions };
    const made = await openScratch(database, { kind: 'empty', ...makes }, options);
    ports.defer('the replay database', () => made.drop());
    await made.database.history.ensure();
    replayed = [];
    return made;
  };

  return {
    source: 'a replay of the migrations',
    async after(migrations) {
      const wanted = migrations.map(({ revision }) => revision);
      if (scratch !== undefined && !replayed.every((revision, index) => wanted[index] === revision)) {
        await scratch.drop();
        scratch = undefined;
      }
      scratch ??= await open();
      const outcome = await scratch.database.migrate({
        direction: 'up',
        migrations: migrations.slice(replayed.length),
        runId: request.runId,
        toolVersion: TOOL_VERSION,
        timeouts: request.timeouts,
        signal: ports.signal,
      });
      if (outcome.kind === 'failed') throw new ProblemError(outcome.problem);
      replayed = wanted;
      return scratch.database.snapshot();
    },
  };
}
