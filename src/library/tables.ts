import type { Model, ModelStatic, Sequelize } from 'sequelize';
import type { Position } from '../core/model/revision.ts';
import { currentPosition } from '../core/planning/plan.ts';
import { defineAll } from '../models/load.ts';
import { upgradeDatabase } from './migrate.ts';
import { noModels } from './schema.ts';
import { asWriter, type Session, withDatabase } from './session.ts';
import { type Options, placesOf } from './settings.ts';

export interface InitOptions extends Options {
  /** `Models`: create them from the models where there are some. `Migrate`: by migrating. `None`: an empty database. */
  tables?: 'Models' | 'Migrate' | 'None';
}

/**
 * Creates the database where it does not exist, and its tables.
 *
 * @example
 * await initDatabase({ databaseUrl: 'sqlite:///data/app.db', tables: 'Migrate' });
 */
export async function initDatabase(
  options: InitOptions = {},
): Promise<{ database: string; tables: string[]; revision: Position }> {
  if (options.tables === 'Migrate') await upgradeDatabase(options);
  else if (options.tables !== 'None' && (await placesOf(options)).models !== undefined) await createAllTables(options);
  return withDatabase(
    options,
    async ({ database }) => ({
      database: database.identity.display,
      tables: (await database.snapshot()).tables.map(({ name }) => name),
      revision: currentPosition(await database.history.read()),
    }),
    true,
  );
}

/** Creates the tables of the models that are not there yet; the names of those it made. */
export function createAllTables(options: Options = {}): Promise<{ tables: string[] }> {
  return asWriter(
    options,
    async (session) => {
      const before = await names(session);
      const sequelize = session.database.sequelize as Sequelize;
      await modelsOf(session);
      await sequelize.sync();
      return { tables: [...(await names(session))].filter((name) => !before.has(name)) };
    },
    true,
  );
}

/** Drops the tables of the models, children before parents; the names of those that were there. */
export function dropAllTables(options: Options = {}): Promise<{ tables: string[] }> {
  return asWriter(options, async (session) => {
    const before = await names(session);
    const sequelize = session.database.sequelize as Sequelize;
    await modelsOf(session);
    await sequelize.drop();
    const after = await names(session);
    return { tables: [...before].filter((name) => !after.has(name)) };
  });
}

async function names({ database }: Session): Promise<Set<string>> {
  return new Set((await database.snapshot()).tables.map(({ name }) => name));
}

async function modelsOf({ settings, database }: Session): Promise<ModelStatic<Model>[]> {
  if (settings.models === undefined) throw noModels();
  return defineAll(settings.models, database.sequelize as Sequelize);
}
