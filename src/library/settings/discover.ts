import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Loader, lilconfig } from 'lilconfig';
import { ProblemError } from '../../core/model/problem.ts';
import type { Configuration } from './configuration.ts';

const readYaml: Loader = async (_, text) => (await import('yaml')).parse(text) ?? {};

const LOADERS: Record<string, Loader> = {
  '.ts': naming(importDefault),
  '.mts': naming(importDefault),
  '.js': naming(importDefault),
  '.mjs': naming(importDefault),
  '.cjs': naming(importDefault),
  '.json': naming((_, text) => JSON.parse(text)),
  '.yaml': naming(readYaml),
  '.yml': naming(readYaml),
};

/** The errors of a loader name the file. */
function naming(load: Loader): Loader {
  return async (file, text) => {
    try {
      return await load(file, text);
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new ProblemError(
        { reason: 'InvalidConfiguration', message: `${file} cannot be read: ${why}` },
        { cause: error },
      );
    }
  };
}

const NAMES = Object.keys(LOADERS).map((suffix) => `db-manager.config${suffix}`);

interface FoundConfiguration {
  /** Absolute; paths in it are relative to its folder. */
  file: string;
  configuration: Configuration;
}

/**
 * The named configuration file, else the one in the folder, else none. zod and YAML are not loaded if there is no
 * file. Throws ProblemError InvalidConfiguration.
 */
export async function discoverConfiguration(folder: string, named?: string): Promise<FoundConfiguration | undefined> {
  if (named === undefined) refuseSeveral(folder);
  const file = resolve(folder, named ?? '');
  if (!existsSync(file)) throw invalid(`The configuration file ${file} does not exist.`);
  const explorer = lilconfig('db-manager', {
    searchPlaces: NAMES,
    stopDir: folder,
    loaders: { ...LOADERS, noExt: naming(importDefault) },
    ignoreEmptySearchPlaces: false,
    cache: false,
  });
  const found = await (named === undefined ? explorer.search(folder) : explorer.load(file));
  if (found === null) return undefined;
  const { parseConfiguration } = await import('./schema.ts');
  return { file: found.filepath, configuration: parseConfiguration(found.config ?? {}, found.filepath) };
}

/** Of two files one would not be read. */
function refuseSeveral(folder: string): void {
  const found = NAMES.filter((name) => existsSync(resolve(folder, name)));
  if (found.length > 1)
    throw invalid(`${folder} contains several configuration files: ${found.join(', ')}. Keep only one.`);
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
