import type { HistorySetting } from '../../core/model/history.ts';
import type { Secret } from '../../core/model/secret.ts';
import type { DatabaseTarget, Timeouts } from '../../core/model/target.ts';

/** The settings of the configuration file, the flags and the library's options, all with the same names. */
export interface Configuration {
  /** `postgres://user:password@host:5432/name`, `sqlite:///path/to/file.db` or the path of a SQLite file. */
  databaseUrl?: string;
  /**
   * Where the history is kept, so that migrations that loop over all tables do not meet it. `schema` (PostgreSQL): a
   * schema of its own. `table`: another name. Default: `db_manager_history` in the first schema.
   */
  history?: HistorySetting;
  /** Folder of the migrations. Default `./migrations`. */
  migrations?: string;
  /** Globs of files in that folder, such as `2024*.sql`: no other file is read. Default: by the rules of each format. */
  include?: string[];
  /** Globs of files in that folder that are not migrations, such as `archive`. */
  exclude?: string[];
  /** File or folder of Sequelize models. Default `./models` if it exists. */
  models?: string;
  /** A template that `generate` fills in instead of its built-in one: `{{message}}`, `{{up}}`, `{{down}}`. */
  template?: string;
  backups?: {
    /** A folder, or `s3://bucket/prefix?endpoint=…` for an object store. Default `./data/backups`. */
    folder?: string;
    /** Recipients of age (`age1…`) for which backups are encrypted. Default: they are not encrypted. */
    recipients?: string[];
    /** File with the identity of age that reads encrypted backups, for a restore or a rehearsal. */
    identityFile?: string;
    retain?: { last?: number; days?: number };
    /** PostgreSQL: only these schemas instead of the whole database. */
    schemas?: string[];
    compression?: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
    /** SQLite: whether the check of a backup compares indexes with their tables. Default `full`: it does. */
    integrityCheck?: 'full' | 'quick';
  };
  safety?: {
    mode?: 'Enforce' | 'Warn' | 'Disabled';
    ignore?: string[];
    rehearsal?: 'Auto' | 'Full' | 'SchemaOnly' | 'Disabled';
    roundTrip?: boolean;
    /** Server for scratch copies of PostgreSQL; a URL is read from the environment variable that is named. */
    rehearsalServer?: 'Auto' | 'Private' | 'SameServer' | { urlVariable: string };
  };
  validation?: {
    before?: 'Enforce' | 'Warn' | 'Disabled';
    after?: 'Enforce' | 'Warn' | 'Disabled';
    expect?: 'Auto' | 'Models' | 'Replay';
  };
  /**
   * Queries that must return true for a run to go on, on the copy and on the target. `when`: before the plan runs, after it
   * has run (the default), or both.
   */
  checks?: { name: string; sql: string; when?: 'Before' | 'After' | 'Always' }[];
  /** Durations such as `500ms`, `30s`, `1h30m`. */
  timeouts?: { connect?: string; lock?: string; statement?: string; run?: string };
  outOfOrder?: 'Refuse' | 'Allow';
  /** Applied migrations that the files lack: an older version of the application runs on a newer database. */
  unknownApplied?: 'Refuse' | 'Accept' | 'Downgrade';
  onFailure?: 'Keep' | 'Downgrade' | 'Restore';
  /** `onFailure: Restore` may terminate other sessions of the database. */
  terminateSessions?: boolean;
}

/** The defaults. The database and the models have none. */
export const DEFAULTS = {
  migrations: './migrations',
  backups: { folder: './data/backups', retain: { last: 10, days: 30 }, compression: 'auto', integrityCheck: 'full' },
  safety: { mode: 'Enforce', ignore: [], rehearsal: 'Auto', roundTrip: true, rehearsalServer: 'Auto' },
  validation: { before: 'Warn', after: 'Enforce', expect: 'Auto' },
  // A person waits for the result, so an unreachable server is reported sooner than in a cluster.
  timeouts: { connect: '10s', lock: '5s', statement: '0s', run: '30m' },
  outOfOrder: 'Refuse',
  unknownApplied: 'Accept',
  onFailure: 'Keep',
  terminateSessions: false,
} as const satisfies Configuration;

/** The effective configuration, parsed: absolute paths, milliseconds, the password as a secret. */
export interface EffectiveSettings {
  target?: DatabaseTarget;
  databaseUrl?: Secret;
  migrations: string;
  include?: string[];
  exclude?: string[];
  models?: string;
  template?: string;
  backups: {
    /** An absolute path, or the URL of an object store. */
    folder: string;
    recipients?: string[];
    identityFile?: string;
    retain: { last: number; days: number };
    compression: 'auto' | 'none' | 'gzip' | 'zstd' | 'lz4';
    integrityCheck: 'full' | 'quick';
    schemas?: string[];
  };
  safety: Required<NonNullable<Configuration['safety']>>;
  validation: Required<NonNullable<Configuration['validation']>>;
  checks?: Configuration['checks'];
  timeouts: Timeouts;
  outOfOrder: 'Refuse' | 'Allow';
  unknownApplied: 'Refuse' | 'Accept' | 'Downgrade';
  onFailure: 'Keep' | 'Downgrade' | 'Restore';
  terminateSessions: boolean;
}
