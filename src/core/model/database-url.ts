/**
 * Database URLs, parsed once at the entry points. `connection/` has a file for each form: `postgres-uri`, `keyword-value`,
 * `sqlite-url`; `postgres-target` adds the values that libpq reads from service file, environment and password file.
 */
import { ConnectionStringError, type Given, unwrapped } from './connection/given.ts';
import { looksLikeKeywordValue, readKeywordValue } from './connection/keyword-value.ts';
import { postgresTarget } from './connection/postgres-target.ts';
import { readUri } from './connection/postgres-uri.ts';
import { refuseReferences } from './connection/references.ts';
import { isOther, isPostgres, likelyScheme } from './connection/schemes.ts';
import { readFileUri, readSqliteUrl, sqliteFile } from './connection/sqlite-url.ts';
import { NO_SURROUNDINGS, type Surroundings } from './connection/surroundings.ts';
import { FORMS, isFile, unreadable } from './connection/unreadable.ts';
import type { Problem } from './problem.ts';
import { byDialect, type DatabaseTarget, type PostgresTarget } from './target.ts';

type ParsedUrl = { ok: true; target: DatabaseTarget } | { ok: false; problem: Problem };

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
  ['sqlite', readSqliteUrl],
  ['sqlite3', readSqliteUrl],
  ['file', readFileUri],
]);

function read(text: string, surroundings: Surroundings): DatabaseTarget {
  if (text === '') throw new ConnectionStringError('The database URL is empty.');
  // A server and SQLite read a name up to it, so another database would be opened.
  if (/\0|%00/.test(text))
    throw new ConnectionStringError('The database URL contains a NUL character, which no part of a URL can contain.');
  refuseReferences(text, 'The database URL');
  const [, scheme = ''] = /^([a-z][a-z0-9+._-]*):/i.exec(text) ?? [];
  const [system = '', driver = ''] = scheme.toLowerCase().split('+');
  const read = SCHEMES.get(system) ?? (isPostgres(system) ? readServer : undefined);
  if (read !== undefined) return read(text, surroundings, driver);
  if (isOther(system)) throw new ConnectionStringError(`"${scheme}" is not supported. ${FORMS}`);
  if (looksLikeKeywordValue(text)) {
    const given: Given = new Map();
    readKeywordValue(text, given);
    return postgresTarget(given, 'require', surroundings);
  }
  if (text === ':memory:') return sqliteFile(text);
  if (isFile(text, surroundings)) return sqliteFile(text);
  const near = text.startsWith(`${scheme}://`) ? likelyScheme(system) : undefined;
  if (near !== undefined)
    throw new ConnectionStringError(`The scheme of the database URL is not known. Did you mean ${near}://?`);
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
  const [, dialect = ''] = /^([a-z0-9-]+):/i.exec(inner) ?? [];
  if (/^sqlite$/i.test(dialect)) return readSqliteUrl(inner);
  if (!/^postgresql$/i.test(dialect))
    throw new ConnectionStringError(
      `${isOther(dialect) ? `"jdbc:${dialect}"` : 'This kind of jdbc: URL'} is not supported. ${FORMS}`,
    );
  const rest = inner.slice('postgresql:'.length);
  const uri = rest.startsWith('//') ? rest : `///${rest.replace(/^\//, '')}`;
  return readPostgres(`postgresql:${uri}`, 'verify-full', surroundings);
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
