import { mkdir } from 'node:fs/promises';
import type { Model, ModelStatic } from 'sequelize';
import { count } from '../core/model/count.ts';
import { orThrow } from '../core/model/problem.ts';
import type { Position } from '../core/model/revision.ts';
import { listNames } from '../core/planning/names.ts';
import { currentPosition } from '../core/planning/plan.ts';
import { stamp } from '../core/planning/stamp.ts';
import { withTexts } from '../migrations/stored/attach.ts';
import { upgradeDatabase } from './migrate.ts';
import { asRun } from './runs.ts';
import { noModels } from './schema.ts';
import { asWriter, author, filesOf, type Session, withDatabase } from './session.ts';
import { type Options, settingsOf } from './settings.ts';

export interface InitOptions extends Options {
  /** `Models`: create the tables from the models, if any. `Migrate`: run the migrations. `None`: an empty database. */
  tables?: 'Models' | 'Migrate' | 'None';
}

export interface Initialised {
  /** For a person: the file, or the URL without password. */
  database: string;
  /** All tables that exist now. */
  tables: string[];
  revision: Position;
  /** Notes for the user: a folder was created, or tables are not covered by the history. */
  notes: string[];
}

/**
 * Creates the database and the migrations folder if they do not exist, and the tables. In an empty database, tables from
 * the models are those of the head, so the history is stamped with head. Otherwise the next upgrade would
 * create them a second time. If tables existed before, nothing is stamped, because their revision is unknown.
 *
 * @example
 * const { tables, revision } = await initDatabase({ databaseUrl: 'sqlite:///data/app.db', tables: 'Migrate' });
 */
export async function initDatabase(options: InitOptions = {}): Promise<Initialised> {
  const { migrations, models } = await settingsOf(options);
  const made = await mkdir(migrations, { recursive: true });
  const notes = made === undefined ? [] : [`created the migrations folder ${migrations}`];
  if (options.tables !== 'None' && options.tables !== 'Migrate' && models !== undefined)
    notes.push(...(await fromModels(options)));
  if (options.tables === 'Migrate') {
    const { to } = await upgradeDatabase({ ...options, create: true });
    if (to === 'base' && models !== undefined)
      notes.push('there are no migrations yet. Write the first one: db-manager generate "first tables"');
  }
  return withDatabase(
    options,
    async ({ database }) => {
      await database.history.ensure();
      return {
        database: database.identity.display,
        tables: (await database.snapshot()).tables.map(({ name }) => name),
        revision: currentPosition(await database.history.read()),
        notes,
      };
    },
    true,
  );
}

/** The next upgrade of another database would create nothing, and `generate` would find no difference here. */
const NO_MIGRATION =
  'the tables were created from the models, but no migration creates them yet. Write the first one and mark it as applied here: db-manager generate --from base "first tables" && db-manager migrate stamp head';

function fromModels(options: Options): Promise<string[]> {
  return asWriter(
    options,
    async (session) => {
      const { database, settings, runId } = session;
      const before = await names(session);
      await create(session);
      const files = await filesOf(settings);
      if (files.length === 0) return [NO_MIGRATION];
      if ((await database.history.read()).length > 0) return [];
      if (before.size > 0) {
        return [
          'the database already had tables, but its history is empty. Record their revision: db-manager migrate stamp <revision>',
        ];
      }
      const change = orThrow(stamp(files, [], { kind: 'head' }, author(runId)));
      await database.history.put(await withTexts(settings.migrations, files, change.put));
      return ['the tables were created from the models, so the history was stamped with head; no migration was run'];
    },
    true,
  );
}

/**
 * Creates the missing tables of the models; returns the names of the created ones. The history is not
 * changed. Throws ProblemError.
 *
 * @example
 * const { tables } = await createAllTables({ databaseUrl: 'sqlite:///data/app.db', models: './models' });
 */
export function createAllTables(options: Options = {}): Promise<{ tables: string[] }> {
  return asRun(options, {
    name: 'create-tables',
    async work(session) {
      const before = await names(session);
      await create(session);
      return { tables: [...(await names(session))].filter((name) => !before.has(name)) };
    },
    describe: ({ tables }) => described('created', tables),
    create: 'file',
  });
}

/**
 * Drops the tables of the models and their rows, children before parents; returns the names of the dropped ones.
 * The history is not changed: `stampDatabase` with `base` records that no migration is applied. Throws ProblemError.
 *
 * @example
 * const { tables } = await dropAllTables({ databaseUrl: 'sqlite:///data/app.db', models: './models' });
 */
export function dropAllTables(options: Options = {}): Promise<{ tables: string[] }> {
  return asRun(options, {
    name: 'drop-tables',
    async work(session) {
      const before = await names(session);
      await modelsOf(session);
      await session.database.sequelize.drop();
      const after = await names(session);
      return { tables: [...before].filter((name) => !after.has(name)) };
    },
    describe: ({ tables }) => described('dropped', tables),
  });
}

function described(verb: string, tables: readonly string[]) {
  if (tables.length === 0) return { reason: 'UpToDate' as const, message: `no table was ${verb}` };
  return { reason: 'Succeeded' as const, message: `${verb} ${count(tables.length, 'table')}: ${listNames(tables)}` };
}

async function create(session: Session): Promise<void> {
  await modelsOf(session);
  await session.database.sequelize.sync();
}

async function names({ database }: Session): Promise<Set<string>> {
  return new Set((await database.snapshot()).tables.map(({ name }) => name));
}

async function modelsOf({ settings, database }: Session): Promise<ModelStatic<Model>[]> {
  if (settings.models === undefined) throw noModels();
  const { defineAll } = await import('../models/load.ts');
  return defineAll(settings.models, database.sequelize);
}
