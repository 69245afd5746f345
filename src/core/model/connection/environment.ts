import { ConnectionStringError, type Given, type Value } from './given.ts';
import { addParameter } from './parameters.ts';
import { refuseReferences } from './references.ts';
import type { Surroundings } from './surroundings.ts';

/** libpq's environment variables (PostgreSQL manual, 32.15) and the keyword whose default each one sets. */
const VARIABLES: Record<string, string> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGDATABASE: 'dbname',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGPASSFILE: 'passfile',
  PGREQUIREAUTH: 'require_auth',
  PGCHANNELBINDING: 'channel_binding',
  PGOPTIONS: 'options',
  PGAPPNAME: 'application_name',
  PGSSLMODE: 'sslmode',
  PGREQUIRESSL: 'requiressl',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGSSLCOMPRESSION: 'sslcompression',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLCERTMODE: 'sslcertmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCRL: 'sslcrl',
  PGSSLCRLDIR: 'sslcrldir',
  PGSSLSNI: 'sslsni',
  PGREQUIREPEER: 'requirepeer',
  PGSSLMINPROTOCOLVERSION: 'ssl_min_protocol_version',
  PGSSLMAXPROTOCOLVERSION: 'ssl_max_protocol_version',
  PGGSSENCMODE: 'gssencmode',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGCLIENTENCODING: 'client_encoding',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGLOADBALANCEHOSTS: 'load_balance_hosts',
  PGMINPROTOCOLVERSION: 'min_protocol_version',
  PGMAXPROTOCOLVERSION: 'max_protocol_version',
};

/** Environment variables that libpq uses as session settings. */
const SESSION_VARIABLES: Record<string, string> = { PGDATESTYLE: 'datestyle', PGTZ: 'timezone', PGGEQO: 'geqo' };

/** Adds the parameters of the service file and the environment that the connection string does not set. */
export function addDefaults(given: Given, surroundings: Surroundings): void {
  const { env } = surroundings;
  const below: Given = new Map();
  for (const [variable, keyword] of Object.entries(VARIABLES)) {
    const text = env[variable];
    if (text) refuseReferences(text, variable);
    if (text) addParameter(below, keyword, text, variable);
  }
  const session = Object.entries(SESSION_VARIABLES).flatMap(([variable, setting]) => {
    const text = env[variable];
    return text ? [`-c ${setting}=${text.replace(/[\\\s]/g, '\\$&')}`] : [];
  });
  if (session.length > 0) {
    const options = below.get('options');
    const text = [...session, ...(options === undefined ? [] : [options.text])].join(' ');
    below.set('options', { text, from: options?.from ?? 'the environment' });
  }
  for (const [keyword, value] of readService(given, surroundings)) below.set(keyword, value);
  for (const [keyword, value] of below) if (!given.has(keyword)) given.set(keyword, value);
}

/** The section of the connection service file (PostgreSQL manual, 32.17): before the environment, after the string. */
function readService(given: Given, { env, read }: Surroundings): Given {
  const asked: Value | undefined =
    given.get('service') ?? (env.PGSERVICE ? { text: env.PGSERVICE, from: 'PGSERVICE' } : undefined);
  const found: Given = new Map();
  if (asked === undefined) return found;
  const named = given.get('servicefile')?.text ?? env.PGSERVICEFILE;
  const own = named || (env.HOME === undefined ? undefined : `${env.HOME}/.pg_service.conf`);
  const shared = `${env.PGSYSCONFDIR || '/etc/postgresql-common'}/pg_service.conf`;
  for (const file of [own, shared]) {
    const text = file === undefined ? undefined : read(file);
    const lines = text === undefined ? undefined : sectionOf(text, asked.text);
    if (lines === undefined) continue;
    for (const line of lines) {
      const [, name, value] = /^\s*([^=\s]+)=(.*?)\s*$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new ConnectionStringError(`A line of the service file ${file} is not of the form keyword=value.`);
      addParameter(found, name, value, `the service file ${file}`);
    }
    return found;
  }
  const places = [own, shared].filter((file) => file !== undefined).join(' nor in ');
  throw new ConnectionStringError(
    `The service in ${asked.from} was not found in ${places}. Set another file with PGSERVICEFILE.`,
  );
}

function sectionOf(text: string, service: string): string[] | undefined {
  let inside = false;
  let found: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (trimmed.startsWith('[')) {
      if (found !== undefined) break;
      inside = trimmed === `[${service}]`;
      if (inside) found = [];
    } else if (inside) found?.push(line);
  }
  return found;
}
