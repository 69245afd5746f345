import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDatabaseUrl } from '../core/model/database-url.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { DatabaseTarget, Timeouts } from '../core/model/target.ts';

/** What every function of the library takes; what is left out comes from the environment, then from defaults. */
export interface Options {
  /** `postgres://user:password@host:5432/name`, `sqlite:///file.db` or SQLAlchemy's spellings. */
  databaseUrl?: string;
  /** Folder of migrations. Default `./migrations`. */
  migrations?: string;
  /** File or folder of Sequelize models. Default `./models` where it exists. */
  models?: string;
  /** Folder of backups. Default `./data/backups`. */
  backups?: string;
  /** Milliseconds. */
  timeouts?: Partial<Timeouts>;
  /** Default `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Told what is being done, for people. */
  onMessage?(message: string): void;
  signal?: AbortSignal;
}

export interface Settings {
  target: DatabaseTarget;
  migrations: string;
  models: string | undefined;
  backups: string;
  timeouts: Timeouts;
}

const TIMEOUTS: Timeouts = { connect: 10_000, lock: 5_000, statement: 0, run: 1_800_000 };

/** Options with their defaults. Throws ProblemError InvalidConfiguration where there is no database URL. */
export function settingsOf(options: Options): Settings {
  const env = options.env ?? process.env;
  const models = options.models ?? (existsSync('models') ? 'models' : undefined);
  return {
    target: targetOf(options.databaseUrl ?? env.DATABASE_URL ?? env.DB_PATH),
    migrations: resolve(options.migrations ?? 'migrations'),
    models: models === undefined ? undefined : resolve(models),
    backups: resolve(options.backups ?? 'data/backups'),
    timeouts: { ...TIMEOUTS, ...options.timeouts },
  };
}

function targetOf(url: string | undefined): DatabaseTarget {
  if (url === undefined || url === '') {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: 'No database is named. Give --database-url, or set DATABASE_URL, or DB_PATH for a SQLite file.',
    });
  }
  const parsed = parseDatabaseUrl(url);
  if (!parsed.ok) throw new ProblemError(parsed.problem);
  return parsed.target;
}
