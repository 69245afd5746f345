import type { HistorySetting } from './history.ts';
import type { Secret } from './secret.ts';

/** How to connect to the database, parsed once at the entry points. */
export type DatabaseTarget = SqliteTarget | PostgresTarget;

type TargetOf<D extends DatabaseTarget['dialect']> = Extract<DatabaseTarget, { dialect: D }>;

/** The result of the function for the target's database. */
export function byDialect<T>(
  target: DatabaseTarget,
  functions: { [D in DatabaseTarget['dialect']]: (target: TargetOf<D>) => T },
): T {
  return (functions[target.dialect] as (target: DatabaseTarget) => T)(target);
}

export interface SqliteTarget {
  dialect: 'sqlite';
  /** Path of the file; relative paths are relative to the working directory of the process. */
  path: string;
  /** What identifies the database in its backups. Default: the real path, which is the same in every pod. */
  identity?: string;
  /** Create the file if it does not exist (`?mode=rwc`), or never (`?mode=rw`). Default: as the command does. */
  create?: boolean;
  history?: HistorySetting;
}

/** One of the servers of a connection string. */
export interface PostgresHost {
  /** A name, an address, or the folder of a Unix socket. */
  host: string;
  /** The address to connect to; `host` is then only the name in the certificate and in the password file. */
  hostaddr?: string;
  port: number;
  password?: Secret;
}

/** The names and meanings are libpq's (PostgreSQL manual, 32.1.2). */
export interface PostgresTarget extends PostgresHost {
  dialect: 'postgres';
  database: string;
  user: string;
  ssl: PostgresSsl;
  /** The schemas that are migrated and validated; the first contains the history table unless `history` sets another. */
  schemas: string[];
  history?: HistorySetting;
  /** Set unchanged for migrations; by default the schemas and `public`. */
  searchPath?: string[];
  /** All servers, if there are several. The first that meets the requirements is used for the whole run. */
  hosts?: PostgresHost[];
  targetSessionAttrs?: 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby';
  /** Try the hosts in random order. */
  loadBalanceHosts?: boolean;
  /** Command-line options of the session, `-c name=value`. */
  options?: string;
  /** Shown after our own name in `pg_stat_activity`. */
  applicationName?: string;
  /** For one attempt on one host. */
  connectTimeoutMs?: number;
  channelBinding?: 'disable' | 'prefer' | 'require';
  /** The only methods of authentication that the server may use. */
  requireAuth?: string[];
  /** Default true. */
  keepAlive?: boolean;
  keepAliveIdleMs?: number;
  /** Where user and password come from at each connection; absent: they do not change. */
  login?: PostgresLogin;
}

/**
 * Logins that are valid for a short time. `file`: a file with a database URL or a password, read again at each connection.
 * `rds-iam`: a token of AWS for RDS and Aurora, made locally with the credentials of the environment.
 */
export type PostgresLogin =
  | { kind: 'file'; path: string; parseUrl: ParseUrl | undefined }
  | { kind: 'rds-iam'; region?: string };

/** Throws ProblemError InvalidConfiguration. */
type ParseUrl = (url: string) => DatabaseTarget;

/**
 * The login is read again from this file at each connection. SQLite has none. `parseUrl` reads a URL as that of the target
 * was read, with the same defaults; without it the file contains a password.
 */
export function withLoginFile(target: DatabaseTarget, path: string | undefined, parseUrl?: ParseUrl): DatabaseTarget {
  if (!path || !('host' in target) || target.login !== undefined) return target;
  return { ...target, login: { kind: 'file', path, parseUrl } };
}

export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface PostgresSsl {
  mode: SslMode;
  /** Paths of PEM files; `system` as `caFile` are the authorities that the operating system trusts. */
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  crlFile?: string;
  minVersion?: TlsVersion;
  maxVersion?: TlsVersion;
  /** `direct`: TLS from the first byte, as PostgreSQL 17 can. */
  negotiation?: 'postgres' | 'direct';
  /** TLS without a check of the certificate was requested by name (`no-verify`). */
  unchecked?: boolean;
}

type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** Milliseconds; 0 means without limit. */
export interface Timeouts {
  connect: number;
  lock: number;
  statement: number;
  run: number;
}
