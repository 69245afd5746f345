import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataTypes, type Model, type ModelStatic, Sequelize } from 'sequelize';
import type { Dialect } from '../core/model/dialect.ts';
import { ProblemError } from '../core/model/problem.ts';

const CODE = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** Defines all models on a Sequelize instance that never connects, and gives them. */
export async function loadModels(path: string, dialect: Dialect): Promise<ModelStatic<Model>[]> {
  const sequelize = new Sequelize({
    dialect,
    logging: false,
    ...(dialect === 'sqlite' ? { storage: ':memory:' } : {}),
  });
  const files = await modelFiles(resolve(path));
  for (const file of files) await define(file, sequelize);
  const models = Object.values(sequelize.models);
  for (const model of models) {
    const { associate } = model as unknown as { associate?: (models: object) => void };
    if (typeof associate === 'function' && !alreadyAssociated(model)) associate.call(model, sequelize.models);
  }
  if (models.length === 0)
    throw invalid(
      `${path} defines no models. A model file exports a function (sequelize, DataTypes), an index file defineModels(sequelize).`,
    );
  return models;
}

function alreadyAssociated(model: ModelStatic<Model>): boolean {
  return Object.keys(model.associations).length > 0;
}

/** One file; a folder's index file; else every file of the folder. */
async function modelFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => {
    throw invalid(`There are no models at ${path}.`);
  });
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path))
    .filter((name) => CODE.has(extname(name)) && !/\.d\.[cm]?ts$|\.test\./.test(name))
    .sort();
  const index = names.find((name) => /^index\.[cm]?[jt]s$/.test(name));
  // sequelize-cli's own index file connects to a database; only one with defineModels is ours to call.
  if (index !== undefined && (await definesModels(join(path, index)))) return [join(path, index)];
  return names.filter((name) => name !== index).map((name) => join(path, name));
}

async function definesModels(file: string): Promise<boolean> {
  return /\bdefineModels\b/.test(await readFile(file, 'utf8'));
}

type Define = (sequelize: Sequelize, types: typeof DataTypes) => unknown;

async function define(file: string, sequelize: Sequelize): Promise<void> {
  try {
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    const inner = module.default as Record<string, unknown> | Define | undefined;
    const found = module.defineModels ?? (typeof inner === 'function' ? inner : inner?.defineModels);
    if (typeof found === 'function') await (found as Define)(sequelize, DataTypes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ProblemError(
      { reason: 'InvalidConfiguration', message: `The model file ${file} cannot be loaded: ${why}` },
      { cause: error },
    );
  }
}

function invalid(message: string): ProblemError {
  return new ProblemError({ reason: 'InvalidConfiguration', message });
}
