import { distanceBetween } from '../edit-distance.ts';
import { ConnectionStringError, type Given } from './given.ts';

/**
 * Every parameter that a PostgreSQL connection string may have: libpq up to PostgreSQL 18 (manual, 32.1.2),
 * node-postgres, SQLAlchemy's drivers, JDBC, and the usual pools. `true` is supported under its own name, `as` under
 * the name in libpq; `refuse` explains what to write instead.
 */
type Parameter = true | { as: string; value?: (text: string) => string } | { refuse: string; ofClient?: true };

const POOL = 'It belongs to a connection pool, which db-manager does not use. Remove it.';
const ELSEWHERE = 'db-manager does not use it. Remove it.';
const GSSAPI =
  'db-manager does not support GSSAPI or SSPI authentication. Remove it, and use a password or a certificate.';
const OAUTH = 'db-manager does not support OAuth authentication. Use a password or a certificate.';
const NODE_SOCKET = 'Node.js cannot set it. Use keepalives_idle, or remove it.';
const SCRAM_KEYS = 'Use password.';

const refuse = (why: string) => ({ refuse: why });
/** It sets the client that the URL was written for; the command of another tool may get it. */
const client = (why: string) => ({ refuse: why, ofClient: true as const });
const asMilliseconds = (text: string) => String(Math.ceil(Number(text) / 1000));
const asFlag = (text: string) => (/^(true|1|on|yes)$/i.test(text) ? '1' : '0');

const JDBC_SERVER_TYPES: Record<string, string> = {
  any: 'any',
  master: 'primary',
  primary: 'primary',
  slave: 'standby',
  secondary: 'standby',
  preferSlave: 'prefer-standby',
  preferSecondary: 'prefer-standby',
};

const PARAMETERS: Record<string, Parameter> = {
  // libpq
  ...Object.fromEntries(
    [
      ...['host', 'hostaddr', 'port', 'dbname', 'user', 'password', 'passfile', 'service', 'servicefile'],
      ...['require_auth', 'channel_binding', 'connect_timeout', 'client_encoding', 'options'],
      ...['application_name', 'fallback_application_name', 'keepalives', 'keepalives_idle'],
      ...['sslmode', 'requiressl', 'sslnegotiation', 'sslcompression', 'sslcert', 'sslkey', 'sslcertmode'],
      ...['sslrootcert', 'sslcrl', 'sslsni', 'ssl_min_protocol_version', 'ssl_max_protocol_version', 'gssencmode'],
      ...['target_session_attrs', 'load_balance_hosts', 'min_protocol_version', 'max_protocol_version'],
      // Parameters of other tools that have no equivalent in libpq; see postgres-target.ts.
      ...['ssl', 'schemas', 'search_path'],
      // Ours: login.ts.
      ...['auth', 'aws_region'],
    ].map((name) => [name, true] as const),
  ),
  keepalives_interval: refuse(NODE_SOCKET),
  keepalives_count: refuse(NODE_SOCKET),
  tcp_user_timeout: refuse(NODE_SOCKET),
  replication: refuse('A replication connection cannot run migrations. Remove it.'),
  sslcrldir: refuse('Use sslcrl with one file of revocation lists.'),
  sslpassword: refuse(
    'It cannot be passed to pg_dump without exposing it. Use a key file without a passphrase, mode 0600.',
  ),
  sslkeylogfile: refuse('It writes the keys of the connection to a file. Remove it.'),
  requirepeer: refuse(
    'Node.js cannot read the owner of a socket. Remove it, and allow only the server to write to the socket folder.',
  ),
  krbsrvname: refuse(GSSAPI),
  gsslib: refuse(GSSAPI),
  gssdelegation: refuse(GSSAPI),
  scram_client_key: refuse(SCRAM_KEYS),
  scram_server_key: refuse(SCRAM_KEYS),
  oauth_issuer: refuse(OAUTH),
  oauth_client_id: refuse(OAUTH),
  oauth_client_secret: refuse(OAUTH),
  oauth_scope: refuse(OAUTH),

  // db-manager, Prisma, Rails
  schema: { as: 'schemas' },
  schema_search_path: { as: 'search_path' },

  // node-postgres
  database: { as: 'dbname' },
  username: { as: 'user' },
  connectionTimeoutMillis: { as: 'connect_timeout', value: asMilliseconds },
  keepAlive: { as: 'keepalives', value: asFlag },
  keepAliveInitialDelayMillis: { as: 'keepalives_idle', value: asMilliseconds },
  uselibpqcompat: client('db-manager always interprets sslmode as libpq does. Remove it.'),
  encoding: { as: 'client_encoding' },
  query_timeout: client('Use the setting timeouts.statement.'),
  statement_timeout: client('Use the setting timeouts.statement.'),
  lock_timeout: client('Use the setting timeouts.lock.'),
  idle_in_transaction_session_timeout: client(ELSEWHERE),
  timezone: client('Use options=-c%20timezone%3DEurope%2FVienna.'),
  TimeZone: client('Use options=-c%20timezone%3DEurope%2FVienna.'),
  datestyle: client('Use options=-c%20datestyle%3DISO.'),
  binary: client(ELSEWHERE),
  max: client(POOL),
  min: client(POOL),
  idleTimeoutMillis: client(POOL),
  sslca: refuse('Use sslrootcert.'),
  ssl_ca: refuse('Use sslrootcert.'),
  ssl_cert: refuse('Use sslcert.'),
  ssl_key: refuse('Use sslkey.'),

  // SQLAlchemy: psycopg, asyncpg, pg8000
  timeout: { as: 'connect_timeout' },
  command_timeout: client('Use the setting timeouts.statement.'),
  direct_tls: { as: 'sslnegotiation', value: (text) => (asFlag(text) === '1' ? 'direct' : 'postgres') },
  unix_sock: { as: 'host', value: (text) => text.replace(/\/\.s\.PGSQL\.\d+$/, '') },
  tcp_keepalive: { as: 'keepalives', value: asFlag },
  server_settings: client('Use options, for example options=-c%20timezone%3DUTC.'),
  ssl_context: refuse('Use sslmode with sslrootcert.'),
  prepare_threshold: client(ELSEWHERE),
  statement_cache_size: client(ELSEWHERE),
  prepared_statement_cache_size: client(ELSEWHERE),
  prepared_statement_name_func: client(ELSEWHERE),
  max_cached_statement_lifetime: client(ELSEWHERE),
  max_cacheable_statement_size: client(ELSEWHERE),
  async_fallback: client(ELSEWHERE),
  autocommit: client(ELSEWHERE),
  executemany_mode: client(ELSEWHERE),
  use_native_hstore: client(ELSEWHERE),
  connection_factory: client(ELSEWHERE),
  pool_size: client(POOL),
  max_overflow: client(POOL),
  pool_recycle: client(POOL),
  pool_pre_ping: client(POOL),

  // JDBC (https://jdbc.postgresql.org/documentation/use/)
  currentSchema: { as: 'search_path' },
  ApplicationName: { as: 'application_name' },
  connectTimeout: { as: 'connect_timeout' },
  loginTimeout: { as: 'connect_timeout' },
  socketTimeout: client('Use the setting timeouts.statement.'),
  tcpKeepAlive: { as: 'keepalives', value: asFlag },
  channelBinding: { as: 'channel_binding' },
  requireAuth: { as: 'require_auth' },
  gssEncMode: { as: 'gssencmode' },
  sslNegotiation: { as: 'sslnegotiation' },
  targetServerType: { as: 'target_session_attrs', value: (text) => JDBC_SERVER_TYPES[text] ?? text },
  loadBalanceHosts: { as: 'load_balance_hosts', value: (text) => (asFlag(text) === '1' ? 'random' : 'disable') },
  PGHOST: { as: 'host' },
  PGPORT: { as: 'port' },
  PGDBNAME: { as: 'dbname' },
  sslfactory: refuse('Use sslmode with sslrootcert.'),
  sslfactoryarg: refuse('Use sslmode with sslrootcert.'),
  sslhostnameverifier: refuse('Use sslmode=verify-full.'),
  sslpasswordcallback: refuse('Use a key file without a passphrase, mode 0600.'),
  socketFactory: refuse('For a Unix socket use host with the folder of the socket.'),
  socketFactoryArg: refuse('For a Unix socket use host with the folder of the socket.'),
  hostRecheckSeconds: client(ELSEWHERE),
  readOnly: refuse('db-manager must write. Remove it.'),
  stringtype: client(ELSEWHERE),
  prepareThreshold: client(ELSEWHERE),
  preparedStatementCacheQueries: client(ELSEWHERE),
  preferQueryMode: client(ELSEWHERE),
  defaultRowFetchSize: client(ELSEWHERE),
  reWriteBatchedInserts: client(ELSEWHERE),
  binaryTransfer: client(ELSEWHERE),
  assumeMinServerVersion: client(ELSEWHERE),
  autosave: client(ELSEWHERE),
  kerberosServerName: refuse(GSSAPI),
  jaasApplicationName: refuse(GSSAPI),

  // Django: dj-database-url, django-environ
  conn_max_age: client(POOL),
  conn_health_checks: client(POOL),
  disable_server_side_cursors: client(ELSEWHERE),
  atomic_requests: client(ELSEWHERE),
  ssl_require: refuse('Use sslmode=require.'),

  // Prisma, Rails, Go
  sslaccept: refuse('Use sslmode=verify-full for strict, sslmode=require for accept_invalid_certs.'),
  sslidentity: refuse('Use sslcert and sslkey.'),
  connection_limit: client(POOL),
  pool_timeout: client(POOL),
  pgbouncer: refuse('Connect to PostgreSQL directly, or to a pool in session mode, and remove it.'),
  socket_timeout: client('Use the setting timeouts.statement.'),
  pool: client(POOL),
  prepared_statements: client(ELSEWHERE),
  pool_max_conns: client(POOL),
  pool_min_conns: client(POOL),
  binary_parameters: client(ELSEWHERE),
  default_query_exec_mode: client(ELSEWHERE),
  variables: client('Use options, for example options=-c%20timezone%3DUTC.'),
  reconnect: client(ELSEWHERE),
  checkout_timeout: client(POOL),
  reaping_frequency: client(POOL),
  pool_max_conn_lifetime: client(POOL),
  pool_max_conn_idle_time: client(POOL),
  pool_health_check_period: client(POOL),
  'x-migrations-table': client(
    'db-manager has its own history. Import this one: db-manager adopt --from golang-migrate.',
  ),
  'x-statement-timeout': client('Use the setting timeouts.statement.'),
  'x-multi-statement': client(ELSEWHERE),
};

/** Only such a name is repeated in a message: the text after a stray ? may be the rest of a password. */
const NAME = /^[a-z][a-z0-9_.-]{0,40}$/i;

/** Adds one parameter under libpq's keyword. Throws ConnectionStringError with its name if it is not supported. */
export function addParameter(given: Given, name: string, text: string, from: string, mayName = true): void {
  const known = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
  if (known === undefined) throw new ConnectionStringError(unknown(name, from, mayName));
  if (known === true) set(given, name, { text, from });
  else if ('as' in known) set(given, known.as, { text: known.value?.(text) ?? text, from });
  else throw new ConnectionStringError(`${capital(from)} has ${name}, which is not supported. ${known.refuse}`);
}

/** libpq uses the last of several values, so that `sslmode=require&sslmode=disable` would connect without TLS. */
function set(given: Given, keyword: string, value: { text: string; from: string }): void {
  const before = given.get(keyword);
  if (before !== undefined && before.from === value.from && before.text !== value.text && !IN_AUTHORITY.has(keyword))
    throw new ConnectionStringError(`${capital(value.from)} has two values for ${keyword}. Remove one of them.`);
  given.set(keyword, value);
}

/** Parts of a URI in front of its parameters; a parameter overrides them, as in libpq. */
const IN_AUTHORITY = new Set(['host', 'port', 'user', 'password', 'dbname']);

/** Whether the parameter only sets the client that the URL was written for. */
export function isOfClient(name: string): boolean {
  const known = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
  return /^x-[a-z-]+$/.test(name) || (typeof known === 'object' && 'ofClient' in known);
}

/** The name in libpq; an unknown name is not changed. */
export function keywordOf(name: string): string {
  const known = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
  return typeof known === 'object' && 'as' in known ? known.as : name;
}

/** Whether `name` is one that a keyword/value string may begin with. */
export function isParameter(name: string): boolean {
  return Object.hasOwn(PARAMETERS, name);
}

function unknown(name: string, from: string, mayName: boolean): string {
  if (!mayName || !NAME.test(name)) return `${capital(from)} has an unknown parameter.`;
  const near = nearest(name, Object.keys(PARAMETERS));
  return `${capital(from)} has the unknown parameter ${name}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

/** The entry of the list that differs by one typing error; undefined if there is none. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  let best: { word: string; distance: number } | undefined;
  for (const each of words) {
    const distance = each.toLowerCase() === typed ? 0 : distanceBetween(typed, each.toLowerCase());
    if (distance <= Math.max(1, Math.floor(each.length / 4)) && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { word: each, distance };
  }
  return best?.word;
}

export function capital(text: string): string {
  return /^the /.test(text) ? `T${text.slice(1)}` : text;
}
