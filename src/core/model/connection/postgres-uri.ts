import { parse } from 'pg-connection-string';
import { halves } from '../parts.ts';
import { ConnectionStringError, type Given, percentDecode, URL_FORM } from './given.ts';
import { addParameter } from './parameters.ts';

const URL = 'the database URL';

/**
 * Parses a connection URI as libpq does (PostgreSQL manual, 32.1.1.2). User and password are decoded by
 * node-postgres' parser. The rest is parsed here: several hosts, a folder of sockets as host, and
 * parameters with their names in libpq. Throws ConnectionStringError.
 */
export function readUri(text: string, given: Given): void {
  const [, rest] = /^[a-z0-9+._-]+:\/\/([\s\S]*)$/i.exec(text) ?? [];
  if (rest === undefined) throw new ConnectionStringError(`The database URL has no // after its scheme. ${URL_FORM}`);
  const authorityEnd = rest.search(/[/?]/);
  const authority = authorityEnd < 0 ? rest : rest.slice(0, authorityEnd);
  const after = authorityEnd < 0 ? '' : rest.slice(authorityEnd);
  const [beforeQuery, query] = halves(after, '?');
  const path = beforeQuery.slice(1);

  // The last @: one in a password need not be encoded, as in node-postgres and SQLAlchemy.
  const at = authority.lastIndexOf('@');
  const hostsPart = authority.slice(at + 1);
  // The text after an unencoded / or ? of a password looks like a database or a parameter.
  const torn = at < 0 && /:[^,\]]*$/.test(authority) && after.includes('@');
  if (path.includes('@') || path.includes('/') || (torn && !hasOnlyParameters(query)))
    throw new ConnectionStringError(
      `The database URL has a special character that is not percent-encoded, in its password or its name. ${URL_FORM}`,
    );

  if (/[&;][a-z_]+=/i.test(path))
    throw new ConnectionStringError(
      'The database URL has parameters without a question mark before the first: …/name?sslmode=require&connect_timeout=10',
    );

  if (at >= 0) readCredentials(authority.slice(0, at), given);
  if (hostsPart !== '') readHosts(hostsPart, given);
  if (path !== '') given.set('dbname', { text: percentDecode(path), from: URL });
  for (const [name, value] of parametersOf(query)) addParameter(given, name, value, URL, !query.includes('@'));
}

function hasOnlyParameters(query: string): boolean {
  return query !== '' && query.split('&').every((pair) => /^[a-z_][a-z0-9_.-]*=/i.test(pair));
}

function readCredentials(text: string, given: Given): void {
  const [user, password] = halves(text, ':').map((part) => encodeURIComponent(percentDecode(part)));
  const read = parse(`postgresql://${user}:${password}@localhost`);
  if (read.user) given.set('user', { text: read.user, from: URL });
  if (read.password) given.set('password', { text: read.password, from: URL });
}

/** `a:1,b`, `[::1]:5432`, `%2Fvar%2Frun%2Fpostgresql`. */
function readHosts(text: string, given: Given): void {
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const part of text.split(',')) {
    const found = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(part);
    if (found === null) throw new ConnectionStringError(`The database URL has a host that cannot be read. ${URL_FORM}`);
    const [, ipv6, name = '', port = ''] = found;
    hosts.push(ipv6 ?? percentDecode(name));
    ports.push(port);
  }
  if (hosts.some((host) => host !== '')) given.set('host', { text: hosts.join(','), from: URL });
  if (ports.some((port) => port !== '')) given.set('port', { text: ports.join(','), from: URL });
}

/** A plus sign means itself, as in libpq, but a space in `options`, where users of libpq and JDBC write it. */
function parametersOf(query: string): [string, string][] {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const [encoded, value] = halves(pair, '=');
      const name = percentDecode(encoded);
      return [name, percentDecode(name === 'options' ? value.replaceAll('+', ' ') : value)];
    });
  // SQLAlchemy writes several hosts as ?host=a:1&host=b:2.
  const hosts = pairs.filter(([name]) => name === 'host').map(([, value]) => value);
  if (hosts.length === 0) return pairs;
  const others = pairs.filter(([name]) => name !== 'host');
  const split = hosts
    .join(',')
    .split(',')
    .map((host) => /^([^/:]+):(\d+)$/.exec(host) ?? [host, host, '']);
  const withPort = split.some(([, , port]) => port !== '');
  return [
    ['host', split.map(([, host]) => host).join(',')],
    ...(withPort ? [['port', split.map(([, , port]) => port).join(',')] as [string, string]] : []),
    ...others,
  ];
}
