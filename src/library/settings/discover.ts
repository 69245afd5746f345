import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ProblemError } from '../../core/model/problem.ts';
import type { Configuration } from './configuration.ts';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'].map((ext) => `db-manager.config.${ext}`);

export interface FoundConfiguration {
  /** Absolute; paths in it are relative to its folder. */
  file: string;
  configuration: Configuration;
}

/**
 * The named configuration file, else the one in the folder, else none. zod and YAML are not loaded if there is no
 * file. Throws ProblemError InvalidConfiguration.
 */
export async function discoverConfiguration(folder: string, named?: string): Promise<FoundConfiguration | undefined> {
  const file = named === undefined ? findIn(folder) : resolve(folder, named);
  if (file === undefined) return undefined;
  if (!existsSync(file)) throw invalid(`The configuration file ${file} does not exist.`);
  const value = await load(file);
  const { parseConfiguration } = await import('./schema.ts');
  return { file, configuration: parseConfiguration(value, file) };
}

function findIn(folder: string): string | undefined {
  const found = NAMES.filter((name) => existsSync(resolve(folder, name)));
  const [only] = found;
  if (found.length > 1)
    throw invalid(`${folder} contains several configuration files: ${found.join(', ')}. Keep only one.`);
  return only === undefined ? undefined : resolve(folder, only);
}

async function load(file: string): Promise<unknown> {
  try {
    switch (extname(file)) {
      case '.json':
        return JSON.parse(await readFile(file, 'utf8'));
      case '.yaml':
      case '.yml':
        return (await import('yaml')).parse(await readFile(file, 'utf8')) ?? {};
      default:
        return await importDefault(file);
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ProblemError(
      { reason: 'InvalidConfiguration', message: `${file} cannot be read: ${why}` },
      { cause: error },
    );
  }
}

async function importDefault(file: string): Promise<unknown> {
  // The time in the URL: after an edit, a second call gets the content on disk.
  const { mtimeMs } = await stat(file);
  const module = (await import(`${pathToFileURL(file).href}?t=${mtimeMs}`)) as { default?: unknown };
  if (module.default === undefined) throw invalid(`${file} has no default export. Write: export default { … }`);
  return module.default;
}

function invalid(message: string): ProblemError {
  return new ProblemError({ reason: 'InvalidConfiguration', message });
}
