/**
 * The library: one plain async function for each thing that the tool can do; options in, data out, nothing printed.
 * The command line and `import … from 'db-manager'` share it. It may import every room but cli and kubernetes.
 */
import { randomUUID } from 'node:crypto';
import type { MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { openDatabase } from '../database/open.ts';
import type { Database, OpenOptions } from '../database/port.ts';
import { readMigrations } from '../migrations/read.ts';
import { withModelSchemas } from '../models/schemas.ts';
import { holder } from './holder.ts';
import type { Options, Settings } from './settings.ts';
import { settingsOf } from './settings.ts';

export interface Session {
  database: Database;
  /** What the models describe, where they were loaded before the database was opened. */
  models?: Snapshot;
  settings: Settings;
  runId: string;
}

/** Opens the database for one piece of work and closes it, whatever happens. */
export async function withDatabase<T>(
  options: Options,
  work: (session: Session) => Promise<T>,
  create: OpenOptions['create'] = false,
  models?: Snapshot,
): Promise<T> {
  const settings = await settingsOf(options);
  const runId = randomUUID().slice(0, 8);
  const database = await openDatabase(withModelSchemas(settings.target, models), {
    timeouts: settings.timeouts,
    applicationName: `db-manager ${runId}`,
    create,
    // Where a new database was asked for, the command says so itself.
    onCreated: create === 'file' ? options.onMessage : undefined,
  });
  try {
    return await work({ database, settings, runId });
  } finally {
    await database.close();
  }
}

/**
 * The same with the models, where there are some: they are loaded before the database is opened, and their schemas are
 * looked at with those of the URL.
 */
export async function withModels<T>(options: Options, work: (session: Session) => Promise<T>): Promise<T> {
  const settings = await settingsOf(options);
  const models = await modelsOf(settings);
  return withDatabase(options, (session) => work({ ...session, models }), false, models);
}

/** What the models describe; undefined where none are given. Throws ProblemError. */
export async function modelsOf({ models, target }: Settings): Promise<Snapshot | undefined> {
  return models === undefined ? undefined : (await import('../models/read.ts')).readModels(models, target.dialect);
}

/** The same, as the only writer. */
export function asWriter<T>(
  options: Options,
  work: (session: Session) => Promise<T>,
  create: OpenOptions['create'] = false,
): Promise<T> {
  return withDatabase(
    options,
    async (session) => {
      const { database, settings, runId } = session;
      const { onMessage: onWaiting, signal } = options;
      // Half of a run's time, as the runner waits.
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

/** The migrations on disk. `onNotice` is told which files are left out. Throws ProblemError. */
export async function filesOf(
  { migrations, include, exclude }: Pick<Settings, 'migrations' | 'include' | 'exclude'>,
  onNotice?: (sentence: string) => void,
): Promise<MigrationFile[]> {
  const read = await readMigrations(migrations, { include, exclude, onNotice });
  if (!read.ok) throw new ProblemError(read.problem);
  return read.files;
}

/** Who writes history rows that no run wrote. */
export function author(runId: string): { now: string; runId: string; toolVersion: string } {
  return { now: new Date().toISOString(), runId, toolVersion: TOOL_VERSION };
}
