import { withoutUndefined } from '../parts.ts';
import { Secret } from '../secret.ts';
import type { PostgresHost, PostgresTarget } from '../target.ts';
import { addDefaults } from './environment.ts';
import { ConnectionStringError, type Given, type Value } from './given.ts';
import { readLogin, withTlsForLogin } from './login.ts';
import { capital } from './parameters.ts';
import { findPassword } from './password-file.ts';
import { isUtf8, readSessionOptions, schemasOf } from './session-options.ts';
import type { Surroundings } from './surroundings.ts';
import { oneOf, readTls, type SslTrue } from './tls.ts';

const AUTHENTICATION = ['password', 'md5', 'scram-sha-256', 'none', 'gss', 'sspi', 'oauth'] as const;

/**
 * The target of the parameters, with the defaults of service file, environment and password file in libpq's
 * order. Throws ConnectionStringError.
 */
export function postgresTarget(given: Given, sslTrue: SslTrue, surroundings: Surroundings): PostgresTarget {
  addDefaults(given, surroundings);
  const text = (keyword: string) => given.get(keyword)?.text || undefined;
  const database = text('dbname');
  const user = text('user') ?? surroundings.userName();
  if (database === undefined)
    throw new ConnectionStringError('The database URL has no database name: postgres://user:password@host:5432/NAME');
  if (/:\/\//.test(database) || /^[^:@]*:[^@]*@/.test(database))
    throw new ConnectionStringError(
      `${capital(given.get('dbname')?.from ?? '')} has a whole URL as the name of the database. Pass that URL itself.`,
    );
  if (user === undefined)
    throw new ConnectionStringError('The database URL has no user name: postgres://USER:password@host:5432/name');
  const encoding = given.get('client_encoding');
  if (encoding !== undefined && !isUtf8(encoding.text))
    throw new ConnectionStringError(`${capital(encoding.from)}: client_encoding must be UTF8.`);

  const login = readLogin(given);
  const hosts = readHosts(given).map((host): PostgresHost => {
    const password =
      login === undefined
        ? (text('password') ?? findPassword(text('passfile'), { ...host, database, user }, surroundings))
        : undefined;
    return { ...host, ...(password === undefined ? {} : { password: new Secret(password) }) };
  });
  const [first] = hosts;
  if (first === undefined) throw new ConnectionStringError('The database URL has no host.');
  return {
    dialect: 'postgres',
    ...first,
    database,
    user,
    ssl: withTlsForLogin(readTls(given, sslTrue, surroundings), login, given),
    ...schemas(given, user),
    ...(hosts.length > 1 ? { hosts } : {}),
    ...withoutUndefined({
      targetSessionAttrs: sessionAttrs(given),
      loadBalanceHosts: loadsBalanced(given) ? true : undefined,
      options: text('options'),
      applicationName: text('application_name') ?? text('fallback_application_name'),
      connectTimeoutMs: seconds(given.get('connect_timeout'), 'connect_timeout'),
      channelBinding: oneOf(given.get('channel_binding'), 'channel_binding', ['disable', 'prefer', 'require']),
      requireAuth: requireAuth(given.get('require_auth')),
      keepAlive: text('keepalives') === '0' ? false : undefined,
      keepAliveIdleMs: seconds(given.get('keepalives_idle'), 'keepalives_idle'),
      login,
    }),
  };
}

function loadsBalanced(given: Given): boolean {
  return oneOf(given.get('load_balance_hosts'), 'load_balance_hosts', ['disable', 'random']) === 'random';
}

/** Hosts, addresses and ports are lists of one length; one port is for all (manual, 32.1.1.3). */
function readHosts(given: Given): Pick<PostgresHost, 'host' | 'hostaddr' | 'port'>[] {
  const list = (keyword: string) => given.get(keyword)?.text.split(',') ?? [];
  const [names, addresses, ports] = [list('host'), list('hostaddr'), list('port')];
  const count = Math.max(1, names.length, addresses.length);
  if (names.length > 0 && addresses.length > 0 && names.length !== addresses.length)
    throw new ConnectionStringError('The database URL has different numbers of hostaddr and hosts.');
  if (ports.length > 1 && ports.length !== count)
    throw new ConnectionStringError('The database URL has different numbers of ports and hosts.');
  return Array.from({ length: count }, (_, i) => {
    const hostaddr = addresses[i] || undefined;
    const host = names[i] || hostaddr || 'localhost';
    if (host.startsWith('@'))
      throw new ConnectionStringError(
        'A host that begins with @ (an abstract socket) is not supported. Use the folder of a socket.',
      );
    return { host, ...(hostaddr === undefined ? {} : { hostaddr }), port: readPort(ports[i] ?? ports[0]) };
  });
}

function readPort(text = ''): number {
  if (text === '') return 5432;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new ConnectionStringError(
      'The port of the database URL is not a number from 1 to 65535. If it is part of the password, percent-encode the special characters, for example %40 for @ and %2F for /.',
    );
  return port;
}

/** `schemas` is our own parameter. A search path of any driver is set unchanged, and its schemas are migrated. */
function schemas(given: Given, user: string): Pick<PostgresTarget, 'schemas' | 'searchPath'> {
  const options = given.get('options');
  const inOptions = options === undefined ? undefined : readSessionOptions(options).get('search_path');
  const path =
    given.get('search_path') ?? (inOptions === undefined ? undefined : { text: inOptions, from: options?.from ?? '' });
  const searchPath = path === undefined ? undefined : schemasOf(path, user);
  const ours = given
    .get('schemas')
    ?.text.split(',')
    .map((name) => name.trim());
  if (ours?.includes('')) throw new ConnectionStringError('The database URL has an empty name in its list of schemas.');
  const system = ours?.find((name) => /^(pg_|information_schema$)/.test(name));
  if (system !== undefined)
    throw new ConnectionStringError(
      `The database URL has ${system} in its list of schemas, which belongs to PostgreSQL. Name schemas of the application.`,
    );
  const migrated = ours ?? searchPath?.filter((name) => !/^(pg_|information_schema$)/.test(name)) ?? ['public'];
  if (migrated.length === 0) throw new ConnectionStringError('The search path of the database URL contains no schema.');
  return { schemas: migrated, ...(searchPath === undefined ? {} : { searchPath }) };
}

function sessionAttrs(given: Given): PostgresTarget['targetSessionAttrs'] {
  const attrs = oneOf(given.get('target_session_attrs'), 'target_session_attrs', [
    'any',
    'read-write',
    'read-only',
    'primary',
    'standby',
    'prefer-standby',
  ]);
  return attrs === 'any' ? undefined : attrs;
}

/** Methods by name; with ! before each of them, all but these. */
function requireAuth(value: Value | undefined): string[] | undefined {
  if (value === undefined || value.text === '') return undefined;
  const names = value.text.split(',').map((name) => name.trim());
  const negated = names.filter((name) => name.startsWith('!')).length;
  const known = names.every((name) => AUTHENTICATION.some((method) => method === name.replace(/^!/, '')));
  if (!known || (negated > 0 && negated < names.length))
    throw new ConnectionStringError(
      `${capital(value.from)}: require_auth must be a list of ${AUTHENTICATION.join(', ')}, either all with ! or none.`,
    );
  return negated === 0 ? names : AUTHENTICATION.filter((method) => !names.includes(`!${method}`));
}

function seconds(value: Value | undefined, name: string): number | undefined {
  if (value === undefined || value.text === '') return undefined;
  if (!/^-?\d+(\.\d+)?$/.test(value.text))
    throw new ConnectionStringError(`${capital(value.from)}: ${name} must be a number of seconds.`);
  const ms = Math.round(Number(value.text) * 1000);
  return ms > 0 ? ms : undefined;
}
