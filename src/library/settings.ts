import { protectTarget } from '../author/target-variables.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import type { Configuration, EffectiveSettings as Settled } from './settings/configuration.ts';
import { type ResolvedSettings, requireTarget, resolveSettings } from './settings/resolve.ts';

/**
 * Options of every function of the library: the settings of the configuration file, the location of that file, and the
 * callbacks. A setting that is omitted comes from the environment, then from the file, then from the defaults.
 */
export interface Options extends Omit<Configuration, 'backups'> {
  /** The folder of backups, or all settings for backups. Default `./data/backups`. */
  backups?: string | Configuration['backups'];
  /** Server for scratch copies of PostgreSQL. Default: `safety.rehearsalServer` of the settings. */
  rehearsalServer?: RunRequest['safety']['rehearsalServer'];
  /** A configuration file; default: `db-manager.config.{ts,js,json,yaml}` in `cwd`. `false` reads none. */
  config?: string | false;
  /** Base of relative paths. Default: the working directory. */
  cwd?: string;
  /** Default `process.env`; DATABASE_URL, DB_PATH and libpq's PG… variables are read. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Called with messages for people about the progress. */
  onMessage?(message: string): void;
  /** Called once per call with the files of the migrations folder that are skipped, and why. Default: `onMessage`. */
  onNotice?(sentence: string): void;
  /** Aborted to stop at the next safe point. */
  signal?: AbortSignal;
}

/** The callback for files that are skipped. */
export function noticeOf({ onNotice, onMessage }: Options): ((sentence: string) => void) | undefined {
  return onNotice ?? onMessage;
}

export type ConnectedSettings = Settled & { target: DatabaseTarget };

/** The effective settings for these options, and their sources. Throws ProblemError InvalidConfiguration. */
export function resolveOptions({ backups, rehearsalServer, ...options }: Options): Promise<ResolvedSettings> {
  return resolveSettings({
    ...options,
    backups: typeof backups === 'string' ? { folder: backups } : backups,
    ...(rehearsalServer === undefined ? {} : { safety: { ...options.safety, rehearsalServer } }),
  });
}

/** The same, for operations without a database. */
export async function resolvePaths(options: Options): Promise<Settled> {
  const { settings } = await resolveOptions(options);
  if (settings.target !== undefined) protectTarget(settings.target);
  return settings;
}

/** The same with the database, which is required. */
export async function settingsOf(options: Options): Promise<ConnectedSettings> {
  const settings = await resolvePaths(options);
  return { ...settings, target: requireTarget(settings) };
}
