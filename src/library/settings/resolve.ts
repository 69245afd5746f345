import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isObjectStore } from '../../core/model/backup-place.ts';
import { sqliteUrlOf } from '../../core/model/connection/sqlite-url.ts';
import { parseDatabaseUrl } from '../../core/model/database-url.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { withHistory } from '../../core/model/history-setting.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { Secret } from '../../core/model/secret.ts';
import { byDialect, type DatabaseTarget, withLoginFile } from '../../core/model/target.ts';
import { type Configuration, DEFAULTS, type EffectiveSettings } from './configuration.ts';
import { discoverConfiguration } from './discover.ts';
import { surroundingsOf } from './surroundings.ts';
import { readUrlFile, URL_FILE } from './url-file.ts';

interface SettleOptions extends Configuration {
  /** A configuration file; default: `db-manager.config.{ts,js,json,yaml}` in `cwd`. `false` reads none. */
  config?: string | false;
  /** Base of relative paths. Default: the working directory. */
  cwd?: string;
  /** Default `process.env`; DATABASE_URL, DATABASE_URL_FILE, DB_PATH and libpq's PG… variables are read. */
  env?: Environment;
}

export interface ResolvedSettings {
  settings: EffectiveSettings;
  /** The file that was read, if there was one. */
  file?: string;
  /** The source of each value, by its path: `{ 'backups.folder': 'default', databaseUrl: 'DATABASE_URL' }`. */
  sources: Record<string, string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Layer {
  source: string;
  /** Base of the relative paths of this layer. */
  folder: string;
  values: Configuration;
}

/**
 * The effective settings: options before environment before configuration file before defaults, leaf by leaf. Throws
 * ProblemError InvalidConfiguration. A missing database URL is an error only when it is needed.
 */
export async function resolveSettings(options: SettleOptions = {}): Promise<ResolvedSettings> {
  const { config, cwd = process.cwd(), env = process.env, ...given } = options;
  const folder = resolve(cwd);
  const found = config === false ? undefined : await discoverConfiguration(folder, config);
  const values = await checked(known(given));
  const layers: Layer[] = [
    { source: 'default', folder, values: DEFAULTS as Configuration },
    ...(existsSync(resolve(folder, 'models')) ? [{ source: 'default', folder, values: { models: './models' } }] : []),
    ...(found ? [{ source: found.file, folder: dirname(found.file), values: found.configuration }] : []),
    ...environmentLayer(env, folder, values.databaseUrl === undefined),
    { source: 'option', folder, values },
  ];
  const sources: Record<string, string> = {};
  let merged: Configuration = {};
  for (const layer of layers) merged = overlay(merged, absolute(layer, env), layer.source, sources, '');
  const loginFile = sources.databaseUrl === URL_FILE ? resolve(folder, env[URL_FILE] ?? '') : undefined;
  return { settings: parse(merged, env, folder, loginFile), sources, ...(found ? { file: found.file } : {}) };
}

const WORDS: readonly (keyof Configuration)[] = [
  'databaseUrl',
  'history',
  'migrations',
  'include',
  'exclude',
  'models',
  'template',
  'backups',
  'safety',
  'validation',
  'checks',
  'timeouts',
  'outOfOrder',
  'unknownApplied',
  'onFailure',
  'terminateSessions',
];

/** One object contains the options of a function and the settings of the configuration. */
function known(given: Configuration): Configuration {
  return Object.fromEntries(WORDS.flatMap((word) => (given[word] === undefined ? [] : [[word, given[word]]])));
}

/** Paths and a URL need no schema, and loading one costs more than reading a history. */
async function checked(values: Configuration): Promise<Configuration> {
  const plain = Object.values(values).every((value) => typeof value === 'string');
  const words = [values.outOfOrder, values.onFailure, values.unknownApplied];
  if (plain && words.every((word) => word === undefined)) return values;
  return (await import('./schema.ts')).parseConfiguration(values, 'the options');
}

/** `needed`: no option has the URL. Otherwise a missing file is not an error. */
function environmentLayer(env: Environment, folder: string, needed: boolean): Layer[] {
  const backups = backupsOfEnvironment(env, folder);
  const { DATABASE_URL: url, DATABASE_URL_FILE: file, DB_PATH: path } = env;
  if (url) return [...backups, { source: 'DATABASE_URL', folder, values: { databaseUrl: url } }];
  if (file && needed) {
    const text = readUrlFile(resolve(folder, file));
    return [...backups, { source: URL_FILE, folder, values: { databaseUrl: text } }];
  }
  if (path) return [...backups, { source: 'DB_PATH', folder, values: { databaseUrl: fileUrl(path.trim()) } }];
  return backups;
}

function backupsOfEnvironment(env: Environment, folder: string): Layer[] {
  const { DB_MANAGER_BACKUPS: place, DB_MANAGER_BACKUP_RECIPIENTS: recipients } = env;
  const layer = (source: string, backups: Configuration['backups']) => ({ source, folder, values: { backups } });
  return [
    ...(place ? [layer('DB_MANAGER_BACKUPS', { folder: place })] : []),
    ...(recipients
      ? [layer('DB_MANAGER_BACKUP_RECIPIENTS', { recipients: recipients.split(',').map((one) => one.trim()) })]
      : []),
  ];
}

/** DB_PATH is the path of a file with any name, unless it has the form of a URL. */
function fileUrl(path: string): string {
  return /^[^:@="'`?]+$/.test(path) ? sqliteUrlOf({ dialect: 'sqlite', path }) : path;
}

function absolute({ folder, values }: Layer, env: Environment): Configuration {
  const { databaseUrl, migrations, models, template, backups } = values;
  return {
    ...values,
    ...(databaseUrl === undefined ? {} : { databaseUrl: absoluteUrl(databaseUrl, folder, env) }),
    ...(migrations === undefined ? {} : { migrations: resolve(folder, migrations) }),
    ...(models === undefined ? {} : { models: resolve(folder, models) }),
    ...(template === undefined ? {} : { template: resolve(folder, template) }),
    ...(backups === undefined ? {} : { backups: absoluteBackups(backups, folder) }),
  };
}

function absoluteBackups(backups: NonNullable<Configuration['backups']>, base: string): Configuration['backups'] {
  const { folder, identityFile } = backups;
  return {
    ...backups,
    ...(folder === undefined || isObjectStore(folder) ? {} : { folder: resolve(base, folder) }),
    ...(identityFile === undefined ? {} : { identityFile: resolve(base, identityFile) }),
  };
}

function absoluteUrl(url: string, folder: string, env: Environment): string {
  const parsed = parseDatabaseUrl(url, surroundingsOf(env, folder));
  if (!parsed.ok) return url;
  return byDialect(parsed.target, {
    postgres: () => url,
    sqlite: (target) => sqliteUrlOf({ ...target, path: resolve(folder, target.path) }),
  });
}

function overlay<T extends object>(
  below: T,
  above: T,
  source: string,
  sources: Record<string, string>,
  path: string,
): T {
  const result = { ...below } as Record<string, unknown>;
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const name = path === '' ? key : `${path}.${key}`;
    if (isTree(value)) {
      const under = isTree(result[key]) ? result[key] : {};
      result[key] = overlay(under, value, source, sources, name);
    } else {
      result[key] = value;
      sources[name] = source;
    }
  }
  return result as T;
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(merged: Configuration, env: Environment, folder: string, loginFile?: string): EffectiveSettings {
  const { databaseUrl, history, models, timeouts = {}, ...rest } = merged;
  const target = (url: string) => targetOf(url, env, folder);
  return {
    ...(rest as Omit<EffectiveSettings, 'timeouts' | 'target' | 'databaseUrl' | 'models'>),
    ...(models === undefined ? {} : { models }),
    ...(databaseUrl === undefined
      ? {}
      : {
          databaseUrl: new Secret(databaseUrl),
          target: withHistory(withLoginFile(target(databaseUrl), loginFile, target), history),
        }),
    timeouts: {
      connect: milliseconds(timeouts.connect),
      lock: milliseconds(timeouts.lock),
      statement: milliseconds(timeouts.statement),
      run: milliseconds(timeouts.run),
    },
  };
}

function targetOf(url: string, env: Environment, folder: string): DatabaseTarget {
  const parsed = parseDatabaseUrl(url, surroundingsOf(env, folder));
  if (!parsed.ok) throw new ProblemError(parsed.problem);
  return parsed.target;
}

/** Defaults and schema guarantee that the text exists and is a duration. */
function milliseconds(text = ''): number {
  return parseDuration(text) ?? 0;
}

/** The configured database. Throws ProblemError InvalidConfiguration, which lists the ways to set it. */
export function requireTarget({ target }: EffectiveSettings): DatabaseTarget {
  if (target !== undefined) return target;
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message:
      'No database is configured. Pass --database-url postgres://user:password@host:5432/name or sqlite:///path/to/file.db, ' +
      'set DATABASE_URL (or DATABASE_URL_FILE, or DB_PATH for a SQLite file), or add databaseUrl to db-manager.config.ts. A file .env is not read. To load it: set -a; . ./.env; set +a',
  });
}
