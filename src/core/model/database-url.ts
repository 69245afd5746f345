import type { Problem } from './problem.ts';
import { Secret } from './secret.ts';
import type { DatabaseTarget, PostgresSsl, PostgresTarget, SqliteTarget, SslMode } from './target.ts';

export type ParsedUrl = { ok: true; target: DatabaseTarget } | { ok: false; problem: Problem };

const SSL_MODES: readonly SslMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * Reads a database URL in PostgreSQL's own form (manual, 34.1.1.2) or SQLAlchemy's (`postgresql+asyncpg://…`,
 * `sqlite:///relative.db`, `sqlite:////absolute.db`). A text without a scheme is the path of a SQLite file. No
 * message ever holds the password.
 */
export function parseDatabaseUrl(text: string): ParsedUrl {
  const scheme = /^([a-z0-9+]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return text.trim() === '' ? wrong('The database URL is empty.') : sqlite(text);
  const [dialect] = scheme.split('+');
  if (dialect === 'postgres' || dialect === 'postgresql') return parsePostgres(text);
  if (dialect === 'sqlite') return parseSqlite(text);
  if (dialect === 'file') return sqlite(decodeURIComponent(text.replace(/^file:(\/\/)?/, '')));
  return wrong(
    `"${scheme}" is not supported. Use postgres://user:password@host:5432/name or sqlite:///path/to/file.db`,
  );
}

/** The target for people, without password: `postgres://app@db:5432/trading`, or the file's path. */
export function displayTarget(target: DatabaseTarget): string {
  if (target.dialect === 'sqlite') return target.path;
  return `postgres://${target.user}@${addressOf(target)}/${target.database}`;
}

/** `db:5432`, `[::1]:5432`. */
export function addressOf({ host, port }: Pick<PostgresTarget, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function parseSqlite(text: string): ParsedUrl {
  const match = /^sqlite(?:\+\w+)?:(?:\/\/(?:\/(.*))?)?(.*)$/i.exec(text);
  const path = decode(match?.[1] ?? match?.[2] ?? '').replace(/\?.*$/, '');
  if (path === '' || path === ':memory:') {
    return wrong('A SQLite database in memory is gone when the command ends. Give a file: sqlite:///path/to/file.db');
  }
  return sqlite(path);
}

function sqlite(path: string): { ok: true; target: SqliteTarget } {
  return { ok: true, target: { dialect: 'sqlite', path } };
}

function parsePostgres(text: string): ParsedUrl {
  let url: URL;
  try {
    url = new URL(text.replace(/^[a-z0-9+]+:/i, 'postgres:'));
  } catch {
    return wrong(
      'The database URL cannot be read. It has the form postgres://user:password@host:5432/name; special characters in the password are written percent-encoded, for example %40 for @.',
    );
  }
  const parameters = url.searchParams;
  const port = Number(url.port || parameters.get('port') || 5432);
  const database = decode(url.pathname.slice(1)) || parameters.get('dbname') || '';
  const user = decode(url.username) || parameters.get('user') || '';
  const password = url.password === '' ? parameters.get('password') : decode(url.password);
  const mode = sslMode(parameters);
  if (database === '') return wrong('The database URL names no database: postgres://user:password@host:5432/NAME');
  if (user === '') return wrong('The database URL names no user: postgres://USER:password@host:5432/name');
  if (mode === undefined) return wrong(`sslmode has to be one of ${SSL_MODES.join(', ')}.`);
  const target: PostgresTarget = {
    dialect: 'postgres',
    host: parameters.get('host') ?? (decode(url.hostname).replace(/^\[|\]$/g, '') || 'localhost'),
    port,
    database,
    user,
    ...(password === null ? {} : { password: new Secret(password) }),
    ssl: { mode, ...sslFiles(parameters) },
    schemas: (parameters.get('schemas') ?? parameters.get('schema') ?? 'public').split(','),
  };
  return { ok: true, target };
}

function sslMode(parameters: URLSearchParams): SslMode | undefined {
  const text = parameters.get('sslmode') ?? (parameters.get('ssl') === 'true' ? 'require' : 'prefer');
  const known = text === 'allow' ? 'prefer' : text;
  return SSL_MODES.find((mode) => mode === known);
}

function sslFiles(parameters: URLSearchParams): Omit<PostgresSsl, 'mode'> {
  const files = {
    caFile: parameters.get('sslrootcert'),
    certFile: parameters.get('sslcert'),
    keyFile: parameters.get('sslkey'),
  };
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== null));
}

/** A stray % is taken as it stands rather than refused. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wrong(message: string): ParsedUrl {
  return { ok: false, problem: { reason: 'InvalidConfiguration', message } };
}
