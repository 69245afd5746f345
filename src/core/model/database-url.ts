/**
 * Database URLs, parsed once at the entry points. `connection/` has a file for each form: `postgres-uri`, `keyword-value`,
 * `sqlite-url`; `postgres-target` adds the values that libpq reads from service file, environment and password file.
 */
import { ConnectionStringError, type Given, URL_FORM } from './connection/given.ts';
import { looksLikeKeywordValue, readKeywordValue } from './connection/keyword-value.ts';
import { postgresTarget } from './connection/postgres-target.ts';
import { readUri } from './connection/postgres-uri.ts';
import { readFileUri, readSqliteUrl, sqliteFile } from './connection/sqlite-url.ts';
import { NO_SURROUNDINGS, type Surroundings } from './connection/surroundings.ts';
import type { Problem } from './problem.ts';
import { byDialect, type DatabaseTarget, type PostgresTarget } from './target.ts';

type ParsedUrl = { ok: true; target: DatabaseTarget } | { ok: false; problem: Problem };

const FORMS = 'Use postgres://user:password@host:5432/name or sqlite:///path/to/file.db';

/** Other databases and tools, by the schemes of their URLs. Only these are repeated in a message. */
const OTHERS =
  /^(mysql|mysqlx|mysql2|mariadb|mariadbconnector|mssql|sqlserver|oracle|db2|ibm_db_sa|cockroachdb|redshift|snowflake|bigquery|duckdb|clickhouse|libsql|mongodb|redis|rediss|http|https|amqp|prisma|tcp|socket|unix)$/i;

/** Suffixes of SQLite files. */
const SQLITE_FILE = /\.(db|db3|sdb|s3db|sl3|sqlite|sqlite2|sqlite3)$/i;

/**
 * Reads a database URL: PostgreSQL's URI and keyword/value forms (manual, 32.1.1), SQLAlchemy's (`postgresql+asyncpg://…`,
 * `sqlite:///relative.db`, `sqlite:////absolute.db`), JDBC's, SQLite's (`file:…`), or the path of a SQLite file. A text is
 * a path only if it has a suffix of SQLite files or if the file exists. No message ever contains the password.
 */
export function parseDatabaseUrl(text: string, surroundings: Surroundings = NO_SURROUNDINGS): ParsedUrl {
  try {
    return { ok: true, target: read(unwrapped(text), surroundings) };
  } catch (error) {
    if (!(error instanceof ConnectionStringError)) throw error;
    return { ok: false, problem: { reason: 'InvalidConfiguration', message: error.message } };
  }
}

type ReadUrl = (text: string, surroundings: Surroundings, driver: string) => DatabaseTarget;

const readServer: ReadUrl = (text, surroundings, driver) =>
  readPostgres(text, driver === 'asyncpg' ? 'verify-full' : 'require', surroundings);

const SCHEMES = new Map<string, ReadUrl>([
  ['jdbc', readJdbc],
  ['postgres', readServer],
  ['postgresql', readServer],
  ['sqlite', readSqliteUrl],
  ['sqlite3', readSqliteUrl],
  ['file', readFileUri],
]);

function read(text: string, surroundings: Surroundings): DatabaseTarget {
  if (text === '') throw new ConnectionStringError('The database URL is empty.');
  const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):/i.exec(text) ?? [];
  const [system = '', driver = ''] = scheme.toLowerCase().split('+');
  const read = SCHEMES.get(system);
  if (read !== undefined) return read(text, surroundings, driver);
  if (OTHERS.test(system)) throw new ConnectionStringError(`"${scheme}" is not supported. ${FORMS}`);
  if (looksLikeKeywordValue(text)) {
    const given: Given = new Map();
    readKeywordValue(text, given);
    return postgresTarget(given, 'require', surroundings);
  }
  if (text === ':memory:') return sqliteFile(text);
  if (isFile(text, surroundings)) return sqliteFile(text);
  throw unreadable(text);
}

function readPostgres(text: string, sslTrue: 'require' | 'verify-full', surroundings: Surroundings): PostgresTarget {
  const given: Given = new Map();
  readUri(text, given);
  return postgresTarget(given, sslTrue, surroundings);
}

/** JDBC URLs, whose host may be omitted: `jdbc:postgresql:name`. */
function readJdbc(text: string, surroundings: Surroundings): DatabaseTarget {
  const inner = text.slice('jdbc:'.length);
  const [, dialect = ''] = /^([a-z]+):/i.exec(inner) ?? [];
  if (/^sqlite$/i.test(dialect)) return readSqliteUrl(inner);
  if (!/^postgresql$/i.test(dialect))
    throw new ConnectionStringError(
      `${OTHERS.test(dialect) ? `"jdbc:${dialect}"` : 'This kind of jdbc: URL'} is not supported. ${FORMS}`,
    );
  const rest = inner.slice('postgresql:'.length);
  const uri = rest.startsWith('//') ? rest : `///${rest.replace(/^\//, '')}`;
  return readPostgres(`postgresql:${uri}`, 'verify-full', surroundings);
}

/** Without white space around it (from the file of a Secret) and without quotes (from `docker run --env-file`). */
function unwrapped(text: string): string {
  const trimmed = text.trim();
  const quoted = /^(["'`])([\s\S]*)\1$/.exec(trimmed);
  return quoted?.[2] === undefined ? trimmed : quoted[2].trim();
}

function isFile(text: string, { exists }: Surroundings): boolean {
  if (exists(text)) return true;
  return SQLITE_FILE.test(text) && !looksLikeUrl(text);
}

/** Text that is meant as a URL: otherwise its user, password or host would become a file name. */
function looksLikeUrl(text: string): boolean {
  return (
    /:\/\//.test(text) ||
    /^["'`]|["'`]$/.test(text) ||
    /^[^/\\]*:[^/\\]*@/.test(text) ||
    /^[a-z+]*(postgres|pg|sql)[a-z+]*\W?\/\//i.test(text) ||
    /@[^/]*(:\d+)?\//.test(text) ||
    /\b(password|pwd|user|host)\s*=/i.test(text)
  );
}

/** Why a text is neither a URL nor a file. It may contain a password, so no part of it is repeated. */
function unreadable(text: string): ConnectionStringError {
  if (/^["'`]|["'`]$/.test(text))
    return new ConnectionStringError(`The database URL has a quotation mark at only one end. ${FORMS}`);
  const [, name] = /^(?:export\s+|set\s+|-e\s+)?([A-Z][A-Z0-9_]*)\s*=/.exec(text) ?? [];
  if (name !== undefined)
    return new ConnectionStringError(
      `The database URL begins with the name of a variable and an equals sign. Pass only the text after it. ${FORMS}`,
    );
  if (/^(host|server|data source|user id|username|database|initial catalog)\s*=[^;]*;/i.test(text))
    return new ConnectionStringError(`The database URL has the form of ADO.NET, which is not supported. ${FORMS}`);
  if (looksLikeUrl(text) || text.includes('@') || /^[a-z]{2,}:/i.test(text))
    return new ConnectionStringError(`The database URL cannot be read. ${URL_FORM}`);
  return new ConnectionStringError(
    'The database URL is neither a URL nor an existing file. For a new SQLite file write sqlite:///path/to/file.db, or use the suffix .db, .sqlite or .sqlite3.',
  );
}

/** The target as text, without password: `postgres://app@db:5432/trading`, or the file's path. */
export function displayTarget(target: DatabaseTarget): string {
  return byDialect(target, { postgres: displayServer, sqlite: ({ path }) => path });
}

function displayServer(target: PostgresTarget): string {
  const { user, database, host, port, hosts } = target;
  if (hosts !== undefined) return `postgres://${user}@${hosts.map(addressOf).join(',')}/${database}`;
  if (host.startsWith('/')) return `postgres://${user}@:${port}/${database}?host=${host}`;
  return `postgres://${user}@${addressOf(target)}/${database}`;
}

/** `db:5432`, `[::1]:5432`, `/run/postgresql/.s.PGSQL.5432`. */
export function addressOf({ host, port }: Pick<PostgresTarget, 'host' | 'port'>): string {
  if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}`;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
