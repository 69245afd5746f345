/**
 * The library: one plain async function for each operation of the tool; options in, data out, nothing printed.
 * The command line and `import … from 'db-manager'` share it. It may import every module except cli and kubernetes.
 */
import { randomUUID } from 'node:crypto';
import type { MigrationFile } from '../core/model/migration.ts';
import { orThrow, ProblemError } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { openDatabase } from '../database/open.ts';
import type { Database, OpenOptions, ScratchServer } from '../database/port.ts';
import { readMigrations } from '../migrations/read.ts';
import { withModelSchemas } from '../models/schemas.ts';
import { holder } from './holder.ts';
import { scratchServerOf } from './scratch-server.ts';
import type { ConnectedSettings, Options } from './settings.ts';
import { settingsOf } from './settings.ts';

export interface Session {
  database: Database;
  /** The schema of the models, if they were loaded before the database was opened. */
  models?: Snapshot;
  settings: ConnectedSettings;
  /** Whether the database was created just now: it has no content. */
  created: boolean;
  /** Where scratch copies are created. Throws ProblemError if it is a URL that is missing or invalid. */
  scratchServer(): ScratchServer;
  runId: string;
}

/** `reported`: as true, and a message reports that the database is new. */
export type Create = OpenOptions['create'] | 'reported';

/** Opens the database for one piece of work and always closes it. */
export async function withDatabase<T>(
  options: Options,
  work: (session: Session) => Promise<T>,
  create: Create = false,
  models?: Snapshot,
): Promise<T> {
  const settings = await settingsOf(options);
  const runId = randomUUID().slice(0, 8);
  let created = false;
  const database = await openDatabase(withModelSchemas(settings.target, models), {
    timeouts: settings.timeouts,
    applicationName: `db-manager ${runId}`,
    create: create === 'reported' ? true : create,
    // If a new database was requested, the command reports it itself.
    onCreated: (message) => {
      created = true;
      if (create === 'file' || create === 'reported') options.onMessage?.(message);
    },
  });
  try {
    const scratchServer = () => scratchServerOf(settings.safety.rehearsalServer, options.env);
    return await work({ database, settings, created, scratchServer, runId });
  } finally {
    await database.close();
  }
}

/**
 * The same with the models, if there are any: they are loaded before the database is opened, and their schemas are
 * included with those of the URL.
 */
export async function withModels<T>(options: Options, work: (session: Session) => Promise<T>): Promise<T> {
  const settings = await settingsOf(options);
  const models = await modelsOf(settings);
  return withDatabase(options, (session) => work({ ...session, models }), false, models);
}

/** The schema of the models; undefined if there are none. Throws ProblemError. */
export async function modelsOf({ models, target }: ConnectedSettings): Promise<Snapshot | undefined> {
  return models === undefined ? undefined : (await import('../models/read.ts')).readModels(models, target.dialect);
}

/** The same, under the migration lock. */
export function asWriter<T>(
  options: Options,
  work: (session: Session) => Promise<T>,
  create: Create = false,
): Promise<T> {
  return withDatabase(
    options,
    async (session) => {
      const { database, settings, runId } = session;
      const { onMessage: onWaiting, signal } = options;
      // Half of the time of a run, the same as in the runner.
      const waitMs = settings.timeouts.run === 0 ? 900_000 : settings.timeouts.run / 2;
      const lock = await database.lock({ waitMs, runId, holder: holder(), onWaiting, signal });
      try {
        return await work(session);
      } finally {
        await lock.release();
      }
    },
    create,
  );
}

/** The migrations on disk. `onNotice` is called for files that are skipped. Throws ProblemError. */
export async function filesOf(
  { migrations, include, exclude }: Pick<ConnectedSettings, 'migrations' | 'include' | 'exclude'>,
  onNotice?: (sentence: string) => void,
): Promise<MigrationFile[]> {
  return orThrow(await readMigrations(migrations, { include, exclude, onNotice })).files;
}

/** The same for operations that can do without files: none if the folder does not exist. Throws ProblemError. */
export async function filesIfAny(...args: Parameters<typeof filesOf>): Promise<MigrationFile[]> {
  try {
    return await filesOf(...args);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.reason !== 'MigrationsNotFound') throw error;
    const [{ migrations }, onNotice] = args;
    onNotice?.(`the migrations folder ${migrations} does not exist; the history is used without files`);
    return [];
  }
}

/** Author of history rows that were not written by a run. */
export function author(runId: string): { now: string; runId: string; toolVersion: string } {
  return { now: new Date().toISOString(), runId, toolVersion: TOOL_VERSION };
}
