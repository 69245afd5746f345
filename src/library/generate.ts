import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { CAPABILITIES } from '../core/model/dialect.ts';
import { invalidConfiguration, orThrow, ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { applyRenames, type Rename, renameCandidates } from '../core/schema/renames.ts';
import { inWordsOf } from '../engine/difference.ts';
import { few } from '../engine/run-text.ts';
import { generateMigration as generateText } from '../migrations/generate/generate.ts';
import type { Language } from '../migrations/generate/render.ts';
import { type NewMigration, type ScaffoldFormat, writeMigration } from '../migrations/scaffold.ts';
import type { OwnTemplate } from '../migrations/templates.ts';
import { prove } from './proof.ts';
import { noModels, notesOf } from './schema.ts';
import { filesIfAny, modelsOf, type Session, withDatabase } from './session.ts';
import { type ConnectedSettings, type Options, resolvePaths, settingsOf } from './settings.ts';

export interface GenerateOptions extends Options {
  /** A description of the migration; its name is derived from it. */
  message: string;
  /** `false`: an empty migration to fill in by hand, without a database. Default true: from the models. */
  autogenerate?: boolean;
  /** Default `ts`. Migrations from models can be ts, js or sql. */
  format?: ScaffoldFormat;
  /** `base`: compare with an empty database instead of this one, for the first migration of existing tables. */
  from?: 'base';
  /** Tables and columns that are renamed, not dropped and added. */
  renames?: Rename[];
  /** Called for each likely rename. Without it, the generated file and the warnings mention it. */
  askRename?(candidate: Rename): Promise<boolean>;
}

export interface Generated {
  /** In the order in which they apply; empty if models and database do not differ. */
  migrations: { revision: Revision; files: string[] }[];
  /** Data that would be lost, steps that may fail on existing rows, and possible renames; one line each. */
  warnings: string[];
}

/**
 * Writes the migrations that change the database to match the models, each with up and down, into the migrations
 * folder. Their names sort after all existing ones. Before that they are applied to a scratch database, compared with
 * the models, reverted and compared with the start. On PostgreSQL there are several if one transaction would block
 * other sessions for long. The database is only read, never written. Throws ProblemError, also if migrations are
 * pending, because their changes would be generated again.
 *
 * @example
 * const { migrations } = await generateMigration({ message: 'add orders', autogenerate: false, format: 'sql' });
 */
export async function generateMigration(options: GenerateOptions): Promise<Generated> {
  const { message, format = 'ts', autogenerate = true } = options;
  if (!autogenerate) {
    const { migrations, template: file } = await resolvePaths(options);
    const template = await readTemplate(file);
    return { migrations: [await write(migrations, { message, format, template, now: new Date() })], warnings: [] };
  }
  if (format !== 'ts' && format !== 'js' && format !== 'sql') {
    const what = `Migrations from models can be ts, js or sql, not ${format}. For an empty migration: --no-autogenerate`;
    throw invalidConfiguration(what);
  }
  const settings = await settingsOf(options);
  const models = await modelsOf(settings);
  if (models === undefined) throw noModels();
  const work = (session: Session) => fromModels({ ...session, models }, { ...options, format });
  if (options.from === 'base') await refuseLater(settings);
  return withDatabase(options, work, false, models).catch((error: unknown) => {
    // The first migration of a database that does not exist yet starts from an empty schema.
    if (error instanceof ProblemError && error.problem.reason === 'DatabaseNotFound')
      return withNothing(settings, models, { ...options, format });
    throw error;
  });
}

type FromModels = GenerateOptions & { format: Language };

async function fromModels(session: Session & { models: Snapshot }, options: FromModels): Promise<Generated> {
  const { database, models } = session;
  if (options.from !== 'base') {
    const applied = (await database.history.read()).map(({ revision }) => revision);
    await refusePending(session.settings, applied);
  }
  const found = options.from === 'base' ? nothing(database.dialect) : await database.snapshot();
  const expected = await inWordsOf(database, models, found);
  const from = { kind: options.from === 'base' ? 'empty' : 'schema' } as const;
  const check = (migrations: NewMigration[]) => prove(session, { migrations, models, from });
  const { migrations, warnings } = await generated(session.settings, { expected, found }, options, check);
  return { migrations, warnings: [...warnings, ...(await notesOf(database)).map((note) => `Not checked: ${note}`)] };
}

/**
 * If the database does not exist: for SQLite an empty file replaces it, so that the migration can be verified. A database
 * on a server cannot be replaced.
 */
async function withNothing(settings: ConnectedSettings, models: Snapshot, options: FromModels): Promise<Generated> {
  const { dialect } = settings.target;
  await refusePending(settings, []);
  if (!CAPABILITIES[dialect].singleFile) {
    const why = 'the database does not exist yet';
    return generated(settings, { expected: models, found: nothing(dialect) }, options, async () => why);
  }
  const folder = await mkdtemp(join(tmpdir(), 'db-manager-generate-'));
  try {
    const databaseUrl = `sqlite:///${join(folder, 'empty.db')}`;
    const work = (session: Session) =>
      fromModels({ ...session, settings, models }, { ...options, from: 'base' as const });
    return await withDatabase({ ...options, databaseUrl }, work, true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the migrations after `check`, which throws if they are wrong and returns why it could not verify them. */
async function generated(
  settings: ConnectedSettings,
  { expected, found }: { expected: Snapshot; found: Snapshot },
  options: FromModels,
  check: (migrations: NewMigration[]) => Promise<string | undefined>,
): Promise<Generated> {
  const template = await readTemplate(settings.template);
  const format = formatOf(template) ?? options.format;
  const renames = await renamesOf(expected, found, options);
  const text = generateText({ expected, found, format, renames });
  if (text.kind === 'nothing') return { migrations: [], warnings: [] };
  const work = text.files.map(({ title, up, down, transaction }): NewMigration => {
    const message = title === undefined ? options.message : `${options.message} ${title}`;
    const globs = { include: settings.include, exclude: settings.exclude };
    return { globs, message, format, template, now: new Date(), up, down, transaction };
  });
  const unproved = text.unfinished ?? (await check(work));
  const migrations: Generated['migrations'] = [];
  for (const migration of work) migrations.push(await write(settings.migrations, migration));
  const doubt = unproved === undefined ? [] : [`Not verified on a scratch database: ${unproved}`];
  return { migrations, warnings: [...text.warnings, ...doubt] };
}

function nothing(dialect: Snapshot['dialect']): Snapshot {
  return { dialect, tables: [], enums: [], sequences: [], views: [] };
}

async function renamesOf(expected: Snapshot, found: Snapshot, options: GenerateOptions): Promise<Rename[]> {
  const renames = [...(options.renames ?? [])];
  if (options.askRename === undefined) return renames;
  for (const candidate of renameCandidates(expected, applyRenames(found, renames).snapshot)) {
    if (await options.askRename(candidate)) renames.push(candidate);
  }
  return renames;
}

async function readTemplate(path: string | undefined): Promise<OwnTemplate | undefined> {
  if (path === undefined) return undefined;
  try {
    return { text: await readFile(path, 'utf8'), extension: extname(path).slice(1) };
  } catch (error) {
    const message = `The template ${path} does not exist or cannot be read.`;
    throw invalidConfiguration(message, error);
  }
}

/** The language of a template, by its extension. */
function formatOf(template: OwnTemplate | undefined): 'ts' | 'js' | 'sql' | undefined {
  if (template === undefined) return undefined;
  if (template.extension === 'sql') return 'sql';
  return template.extension.endsWith('ts') ? 'ts' : 'js';
}

async function write(folder: string, migration: NewMigration): Promise<Generated['migrations'][number]> {
  const { revision, files } = orThrow(await writeMigration(folder, migration));
  return { revision, files };
}

async function refusePending(settings: ConnectedSettings, applied: readonly Revision[]): Promise<void> {
  const pending = await pendingOf(settings, applied);
  if (pending.length === 0) return;
  throw new ProblemError({
    reason: 'SchemaMismatch',
    message: `The database is not up to date, so the pending changes would be generated again: ${few(pending)}. Apply them first: db-manager migrate upgrade`,
  });
}

/** None without a folder: the first migration creates it. */
async function pendingOf(settings: ConnectedSettings, applied: readonly Revision[]): Promise<Revision[]> {
  const files = await filesIfAny(settings);
  return files.map(({ revision }) => revision).filter((revision) => !applied.includes(revision));
}

/** Only the first migration starts from an empty schema. */
async function refuseLater(settings: ConnectedSettings): Promise<void> {
  const [first] = await pendingOf(settings, []);
  if (first === undefined) return;
  throw invalidConfiguration(
    `--from base is only for the first migration, but ${settings.migrations} already contains ${first}. Omit the option to compare the database with the models.`,
  );
}
