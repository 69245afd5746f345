/**
 * The database URL in the form in which it was given, for another place: its scheme, and the parameters that are not
 * about the connection. A tool may need them: `postgresql+asyncpg://`, `?schema=sales`, `?x-migrations-table=versions`.
 */
import type { CommandPlace } from '../command.ts';
import { percentDecode, unwrapped } from './given.ts';
import { looksLikeKeywordValue } from './keyword-value.ts';
import { isOfClient, keywordOf } from './parameters.ts';
import { isOfSqliteClient } from './sqlite-url.ts';

type Postgres = Extract<CommandPlace, { dialect: 'postgres' }>;

/** Keywords that lead to a server, authenticate, or encrypt: the proxy does all of this. */
const OF_CONNECTION = new Set([
  ...['host', 'hostaddr', 'port', 'dbname', 'user', 'password', 'passfile', 'service', 'servicefile'],
  ...['require_auth', 'channel_binding', 'sslmode', 'requiressl', 'sslnegotiation', 'sslcompression', 'sslcert'],
  ...['sslkey', 'sslcertmode', 'sslrootcert', 'sslcrl', 'sslsni', 'ssl_min_protocol_version'],
  ...['ssl_max_protocol_version', 'gssencmode', 'target_session_attrs', 'load_balance_hosts', 'ssl'],
]);

/** A pair in a keyword/value string. */
const PAIR = /\s*([a-z_]+)\s*=\s*(?:'(?:[^'\\]|\\[\s\S])*'|(?:[^\s'\\]|\\[\s\S])*)(?=\s|$)/giy;

/** Undefined if the given text has no form that can be kept. It was parsed before. */
export function urlInGivenForm(given: string, place: CommandPlace): string | undefined {
  const text = unwrapped(given);
  return 'path' in place ? sqliteForm(text, place.path) : postgresForm(text, place);
}

/** The URL without the parameters that only the client of the command reads, for our own parser. */
export function withoutClientParameters(given: string): string {
  const text = unwrapped(given);
  if (looksLikeKeywordValue(text)) {
    const some = [...text.matchAll(PAIR)].some(([, name = '']) => isOfClient(name));
    return some ? pairsOf(text, (name) => !isOfClient(name)) : given;
  }
  const at = text.indexOf('?');
  // With an @ the question mark may be in a password that is not encoded, which the parser refuses.
  if (at < 0 || text.includes('@', at)) return given;
  const isOf = /^(?:jdbc:)?(?:sqlite|file:)/i.test(text) ? isOfSqliteClient : isOfClient;
  const names = text
    .slice(at + 1)
    .split('&')
    .map(nameOf);
  return names.some(isOf) ? text.slice(0, at) + queryOf(text.slice(at + 1), (name) => !isOf(name)) : given;
}

function postgresForm(text: string, place: Postgres): string | undefined {
  const [host, port, user, token, database] = [place.host, place.port, place.user, place.token, place.database].map(
    (value) => encodeURIComponent(value),
  );
  const jdbc = /^jdbc:postgresql:(?:\/\/[^/?]*)?[^?]*(?:\?(.*))?$/is.exec(text);
  if (jdbc !== null) {
    const rest = ownQuery(jdbc[1] ?? '').replace('?', '&');
    return `jdbc:postgresql://${host}:${port}/${database}?user=${user}&password=${token}${rest}`;
  }
  const uri = /^([a-z0-9+._-]+:\/\/)[^/?]*(?:\/[^?]*)?(?:\?(.*))?$/is.exec(text);
  if (uri !== null) {
    return `${uri[1]}${user}:${token}@${host}:${port}/${database}${ownQuery(uri[2] ?? '')}`;
  }
  if (!looksLikeKeywordValue(text)) return undefined;
  const own = { host: place.host, port: place.port, user: place.user, password: place.token, dbname: place.database };
  const pairs = Object.entries(own).map(([name, value]) => `${name}=${quoted(String(value))}`);
  const rest = pairsOf(text, (name) => isNotOfConnection(name) && keywordOf(name) !== 'sslmode');
  return [...pairs, 'sslmode=disable', rest].filter(Boolean).join(' ');
}

/** The mode of TLS stays where it was given, with another value. */
function isNotOfConnection(name: string): boolean {
  return name === 'sslmode' || !OF_CONNECTION.has(keywordOf(name));
}

function queryOf(query: string, keeps: (name: string) => boolean): string {
  const kept = query.split('&').filter((pair) => pair !== '' && keeps(nameOf(pair)));
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

function nameOf(pair: string): string {
  return percentDecode(pair.split('=', 1)[0] ?? '');
}

/** The parameters for the command. Some drivers require TLS unless it is turned off by name. */
function ownQuery(query: string): string {
  return queryOf(query, isNotOfConnection).replace(/([?&])sslmode=[^&]*/g, '$1sslmode=disable');
}

function pairsOf(text: string, keeps: (name: string) => boolean): string {
  const pairs = [...text.matchAll(PAIR)].filter(([, name = '']) => keeps(name));
  return pairs.map(([pair]) => pair.trim()).join(' ');
}

function quoted(value: string): string {
  return /^[\w.-]+$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`;
}

/** `sqlite+aiosqlite:///rel.db`, `sqlite:rel.db`, `file:./dev.db?connection_limit=1`, `jdbc:sqlite:rel.db`, `rel.db`. */
function sqliteForm(text: string, path: string): string {
  const [, scheme, slashes = '', inner = ''] =
    /^((?:jdbc:)?(?:sqlite3?(?:\+\w+)?|file):)(\/{0,3})(file:)?/i.exec(text) ?? [];
  if (scheme === undefined) return path;
  const question = text.indexOf('?');
  const query = question < 0 ? '' : text.slice(question);
  if (/^jdbc:/i.test(scheme)) return `${scheme}${path}${query}`;
  const encoded = path.replace(/[%?#\s]/g, encodeURIComponent);
  // The path begins with a slash. Four slashes are absolute for every library, and a file: URI may have an empty host.
  const most = /^file:/i.test(scheme) ? '//' : '///';
  const before = slashes.length > 1 ? most : '';
  return `${scheme}${before}${inner}${encoded}${query}`;
}
