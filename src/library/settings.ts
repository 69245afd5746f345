import type { DatabaseTarget } from '../core/model/target.ts';
import type { Configuration, Settings as Settled } from './settings/configuration.ts';
import { requireTarget, resolveSettings } from './settings/resolve.ts';

/**
 * What every function of the library takes: the words of the configuration file, where to look for that file, and how
 * to be told. What is left out comes from the environment, then from the file, then from defaults.
 */
export interface Options extends Omit<Configuration, 'backups'> {
  /** The folder of backups, or all that the configuration says of them. Default `./data/backups`. */
  backups?: string | Configuration['backups'];
  /** A configuration file; default: `db-manager.config.{ts,js,json,yaml}` in `cwd`. `false` reads none. */
  config?: string | false;
  /** Where relative paths start. Default: the working directory. */
  cwd?: string;
  /** Default `process.env`; DATABASE_URL, DB_PATH and libpq's PG… variables are read. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Told what is being done, for people. */
  onMessage?(message: string): void;
  /** Told once in a call which files of the migrations folder are left out, and why. Default: `onMessage`. */
  onNotice?(sentence: string): void;
  /** Aborted to stop at the next safe point. */
  signal?: AbortSignal;
}

/** Who is told of files that are left out. */
export function noticeOf({ onNotice, onMessage }: Options): ((sentence: string) => void) | undefined {
  return onNotice ?? onMessage;
}

export type Settings = Settled & { target: DatabaseTarget };

/** What holds for these options, and who said it. Throws ProblemError InvalidConfiguration. */
export function resolveOptions({ backups, ...options }: Options) {
  return resolveSettings({ ...options, backups: typeof backups === 'string' ? { folder: backups } : backups });
}

/** The same for work without a database. */
export async function resolvePaths(options: Options): Promise<Settled> {
  return (await resolveOptions(options)).settings;
}

/** The same with the database, which has to be named. */
export async function settingsOf(options: Options): Promise<Settings> {
  const settings = await resolvePaths(options);
  return { ...settings, target: requireTarget(settings) };
}
