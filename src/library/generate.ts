import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { applyRenames, type Rename, renameCandidates } from '../core/schema/renames.ts';
import { generateMigration as generateText } from '../migrations/generate/generate.ts';
import { type NewMigration, type ScaffoldFormat, writeMigration } from '../migrations/scaffold.ts';
import type { OwnTemplate } from '../migrations/templates.ts';
import { readModels } from '../models/read.ts';
import { inWordsOf } from '../runner/difference.ts';
import { noModels } from './schema.ts';
import { filesOf, type Session, withDatabase } from './session.ts';
import { type Options, placesOf } from './settings.ts';

export interface GenerateOptions extends Options {
  /** What the migration does; its name is made of it. */
  message: string;
  /** `false`: an empty migration to be written by hand, without a database. Default true: from the models. */
  autogenerate?: boolean;
  /** Default `ts`. What is generated from models is ts, js or sql. */
  format?: ScaffoldFormat;
  /** What is a rename and not a drop and an addition. */
  renames?: Rename[];
  /** Asked for each that is likely. Without it the generated file and the warnings ask. */
  askRename?(candidate: Rename): Promise<boolean>;
}

export interface Generated {
  /** In the order in which they apply; none where models and database do not differ. */
  migrations: { revision: Revision; files: string[] }[];
  /** What would be lost or may fail on rows that are there, and what may be a rename; a line each. */
  warnings: string[];
}

/**
 * Writes the migrations that lead from the database to the models, each with up and down, into the migrations folder;
 * their names sort after every one that is there. On PostgreSQL there are several where one transaction would block
 * others for long. The database is read, never written. Throws ProblemError, also where migrations are pending:
 * what they do would be generated again.
 *
 * @example
 * const { migrations } = await generateMigration({ message: 'add orders', autogenerate: false, format: 'sql' });
 */
export async function generateMigration(options: GenerateOptions): Promise<Generated> {
  const { message, format = 'ts', autogenerate = true } = options;
  if (!autogenerate) {
    const { migrations, template: file } = await placesOf(options);
    const template = await readTemplate(file);
    return { migrations: [await write(migrations, { message, format, template, now: new Date() })], warnings: [] };
  }
  if (format !== 'ts' && format !== 'js' && format !== 'sql') {
    const what = `What is generated from models is ts, js or sql, not ${format}. For an empty one: --no-autogenerate`;
    throw new ProblemError({ reason: 'InvalidConfiguration', message: what });
  }
  return withDatabase(options, async (session) => {
    const { settings, database } = session;
    if (settings.models === undefined) throw noModels();
    await refusePending(session);
    const models = await readModels(settings.models, database.dialect);
    const found = await database.snapshot();
    const expected = await inWordsOf(database, models, found);
    const template = await readTemplate(settings.template);
    const written = formatOf(template) ?? format;
    const renames = await renamesOf(expected, found, options);
    const text = generateText({ expected, found, format: written, renames });
    if (text.kind === 'nothing') return { migrations: [], warnings: [] };
    const migrations: Generated['migrations'] = [];
    for (const { title, up, down, transaction } of text.files) {
      const named = title === undefined ? message : `${message} ${title}`;
      const work = { message: named, format: written, template, now: new Date(), up, down, transaction };
      migrations.push(await write(settings.migrations, work));
    }
    return { migrations, warnings: text.warnings };
  });
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
    const message = `There is no readable template ${path}.`;
    throw new ProblemError({ reason: 'InvalidConfiguration', message }, { cause: error });
  }
}

/** The language of a template, by its extension. */
function formatOf(template: OwnTemplate | undefined): 'ts' | 'js' | 'sql' | undefined {
  if (template === undefined) return undefined;
  if (template.extension === 'sql') return 'sql';
  return template.extension.endsWith('ts') ? 'ts' : 'js';
}

async function write(folder: string, migration: NewMigration): Promise<Generated['migrations'][number]> {
  const written = await writeMigration(folder, migration);
  if (!written.ok) throw new ProblemError(written.problem);
  return { revision: written.revision, files: written.files };
}

async function refusePending({ settings, database }: Session): Promise<void> {
  const applied = new Set((await database.history.read()).map(({ revision }) => revision));
  const files = await filesOf(settings).catch((error: unknown) => {
    // The first migration makes the folder.
    if (error instanceof ProblemError && error.problem.reason === 'MigrationsNotFound') return [];
    throw error;
  });
  const pending = files.filter(({ revision }) => !applied.has(revision)).map(({ revision }) => revision);
  if (pending.length === 0) return;
  throw new ProblemError({
    reason: 'SchemaMismatch',
    message: `The database is not up to date, so what is pending would be generated again: ${pending.slice(0, 3).join(', ')}${pending.length > 3 ? ` and ${pending.length - 3} more` : ''}. Apply it first: db-manager migrate upgrade`,
  });
}
