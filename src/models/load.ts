import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataTypes, type Model, type ModelStatic, Sequelize } from 'sequelize';
import { importAsAuthor } from '../author/output.ts';
import type { Dialect } from '../core/model/dialect.ts';
import { ProblemError } from '../core/model/problem.ts';
import { lendPackages } from '../loader/lent-packages.ts';
import { MODEL_RULES } from './dialects.ts';

const CODE = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** Defines all models on a Sequelize instance that never connects, and gives them. */
export async function loadModels(path: string, dialect: Dialect): Promise<ModelStatic<Model>[]> {
  return defineAll(path, new Sequelize({ dialect, logging: false, ...MODEL_RULES[dialect].options }));
}

/**
 * Defines the models at `path` on this instance, with their associations. The path is a file or a folder; a file
 * exports `defineModels(sequelize)`, a function `(sequelize, DataTypes)` (sequelize-cli), or models as a list or by name.
 * Throws ProblemError InvalidConfiguration where there are none or a file cannot be loaded.
 */
export async function defineAll(path: string, sequelize: Sequelize): Promise<ModelStatic<Model>[]> {
  // Sequelize searches its list of models for each one that is defined, which takes minutes for 10,000.
  sequelize.isDefined = (name) => Object.hasOwn(sequelize.models, name);
  for (const file of await modelFiles(path)) await define(file, sequelize);
  if (Object.keys(sequelize.models).length === 0) await defineByIndex(path, sequelize);
  associate(Object.values(sequelize.models), sequelize, path);
  const models = Object.values(sequelize.models);
  if (models.length > 0) return models;
  throw invalid(
    `${path} defines no models. A model file exports a function (sequelize, DataTypes), an index file defineModels(sequelize) or its models. A class that extends Model is a model only after its init was called.`,
  );
}

/**
 * If no file of a folder defines a model, the index file is tried last: it may collect models from elsewhere. Its error
 * is then reported.
 */
async function defineByIndex(path: string, sequelize: Sequelize): Promise<void> {
  const index = (await codeFiles(path)).find(isIndex);
  if (index !== undefined) await define(join(resolve(path), index), sequelize);
}

/** sequelize-cli's convention; what `defineModels` has associated already is not done twice. */
function associate(models: ModelStatic<Model>[], sequelize: Sequelize, path: string): void {
  const done = new Set(models.filter((model) => Object.keys(model.associations).length > 0));
  for (const model of models) {
    const { associate } = model as unknown as { associate?: unknown };
    if (typeof associate !== 'function' || done.has(model)) continue;
    try {
      associate.call(model, sequelize.models);
    } catch (error) {
      throw invalid(`The associations of the model ${model.name} in ${path} fail: ${messageOf(error)}`, error);
    }
  }
}

/** One file; a folder's index file; else every file of the folder. */
async function modelFiles(written: string): Promise<string[]> {
  const path = resolve(written);
  const found = await stat(path).catch(() => {
    throw invalid(`There are no models at ${written}. Correct the path, or leave models out to compare with a replay.`);
  });
  if (!found.isDirectory()) return [path];
  const names = await codeFiles(path);
  const index = names.find(isIndex);
  // sequelize-cli's own index file connects to a database; only one with defineModels is ours to call.
  if (index !== undefined && /\bdefineModels\b/.test(await readFile(join(path, index), 'utf8')))
    return [join(path, index)];
  return names.filter((name) => name !== index).map((name) => join(path, name));
}

/** The files of a folder that may define models; none where the path is a file. */
async function codeFiles(path: string): Promise<string[]> {
  const names = await readdir(resolve(path)).catch(() => []);
  return names
    .filter((name) => CODE.has(extname(name)) && !/\.d\.[cm]?ts$|\.(?:test|spec)\.[cm]?[jt]s$/.test(name))
    .sort();
}

function isIndex(name: string): boolean {
  return /^index\.[cm]?[jt]s$/.test(name);
}

const REASON = 'InvalidConfiguration';

type Define = (sequelize: Sequelize, types: typeof DataTypes) => unknown;

async function define(file: string, sequelize: Sequelize): Promise<void> {
  try {
    lendPackages();
    const module = (await importAsAuthor(file, REASON, () => import(pathToFileURL(file).href))) as Record<
      string,
      unknown
    >;
    const inner = module.default as Record<string, unknown> | Define | undefined;
    const found = module.defineModels ?? (isPlainFunction(inner) ? inner : inner?.defineModels);
    if (isPlainFunction(found)) await importAsAuthor(file, REASON, async () => found(sequelize, DataTypes));
    else adoptModels([module, inner], sequelize);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw invalid(`The model file ${file} cannot be loaded: ${messageOf(error)}`, error);
  }
}

function isPlainFunction(value: unknown): value is Define {
  return typeof value === 'function' && !isModel(value);
}

/** Models that a file defined on its own instance (exported by name or as a list) are defined again on ours. */
function adoptModels(exported: readonly unknown[], sequelize: Sequelize): void {
  const values = exported.flatMap((value) => {
    if (isModel(value)) return [value];
    return Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.values(value) : [];
  });
  // A class whose init was not called is a base of others.
  const models = new Set(values.flat().filter((value) => isModel(value) && 'rawAttributes' in value));
  for (const model of models) {
    const { sequelize: own, rawAttributes, options } = model as ModelStatic<Model> & { rawAttributes: object };
    if (own === undefined || own.getDialect() === sequelize.getDialect()) {
      sequelize.modelManager.addModel(model as never);
      // A model sends its queries over its own instance: without this, tables would be created and dropped in the database
      // of the application.
      Object.assign(model, { sequelize });
    } else sequelize.define(model.name, structuredAttributes(rawAttributes), { ...options, sequelize } as never);
  }
}

/** Attributes without the properties that the other instance computed. */
function structuredAttributes(attributes: object) {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const { Model: _model, fieldName: _field, _modelAttribute, ...rest } = attribute as Record<string, unknown>;
      return [name, rest];
    }),
  ) as never;
}

function isModel(value: unknown): value is ModelStatic<Model> {
  return typeof value === 'function' && 'getTableName' in value && 'getAttributes' in value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function invalid(message: string, cause?: unknown): ProblemError {
  return new ProblemError({ reason: 'InvalidConfiguration', message }, { cause });
}
