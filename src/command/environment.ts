import { isAbsolute, resolve } from 'node:path';
import type { Command, CommandPlace } from '../core/model/command.ts';
import { urlInGivenForm } from '../core/model/connection/command-url.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { DatabaseTarget } from '../core/model/target.ts';

/** libpq's variables that lead to a server, or weaken that a command uses the proxy. */
const OF_LIBPQ =
  /^PG(HOST|HOSTADDR|PORT|USER|PASSWORD|PASSFILE|DATABASE|SERVICE|SERVICEFILE|SSL\w*|GSSENCMODE|REQUIREAUTH|CHANNELBINDING|TARGETSESSIONATTRS|REQUIRESSL|REQUIREPEER)$/;
/** Variables that db-manager reads itself. */
const OURS = ['DATABASE_URL', 'DATABASE_PASSWORD', 'DB_PATH', 'DATABASE_URL_FILE', 'DATABASE_PASSWORD_FILE'];

interface CommandEnvironment {
  env: Record<string, string>;
  /** Variables that were removed because they contain the real password or lead to the real database. */
  removed: string[];
}

/**
 * The environment of this process, with the database of the run instead of the real one. `givenUrl` is the database URL
 * as its owner wrote it, where there is one.
 */
export function commandEnvironment(
  { urlVariable, urlFormat }: Pick<Command, 'urlVariable' | 'urlFormat'>,
  place: CommandPlace,
  { target, givenUrl }: { target: DatabaseTarget; givenUrl?: string },
  given: Readonly<Record<string, string | undefined>>,
): CommandEnvironment {
  const secrets = secretsOf(target, given);
  const env: Record<string, string> = {};
  const removed: string[] = [];
  for (const [name, value = ''] of Object.entries(given)) {
    if (given[name] === undefined) continue;
    if (OF_LIBPQ.test(name) || OURS.includes(name) || secrets.some((secret) => value.includes(secret))) {
      if (name !== urlVariable && !OURS.includes(name) && !OF_LIBPQ.test(name)) removed.push(name);
    } else env[name] = value;
  }
  if ('token' in place) {
    Object.assign(env, {
      PGHOST: place.host,
      PGPORT: String(place.port),
      PGUSER: place.user,
      PGPASSWORD: place.token,
      PGDATABASE: place.database,
      PGSSLMODE: 'disable',
      PGGSSENCMODE: 'disable',
    });
  }
  const same = urlFormat === 'given' && givenUrl !== undefined ? urlInGivenForm(givenUrl, place) : undefined;
  env[urlVariable] = same ?? urlOf(urlFormat === 'given' ? 'uri' : urlFormat, place);
  return { env, removed };
}

/** Checks the format before anything is started. Throws ProblemError InvalidConfiguration. */
export function checkUrlFormat(format: string, dialect: DatabaseTarget['dialect']): void {
  const unknown = [...format.matchAll(/\{(\w*)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !KNOWN[dialect].includes(name));
  const named = ['given', 'uri', 'jdbc'].includes(format) || /\{\w+\}/.test(format);
  if (named && unknown.length === 0) return;
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message: `The format of the URL must be "given", "uri", "jdbc" or a template with ${KNOWN[dialect].map((name) => `{${name}}`).join(', ')}${unknown.length > 0 ? `, not {${unknown[0]}}` : ''}.`,
  });
}

const KNOWN = {
  postgres: ['host', 'port', 'user', 'password', 'database'],
  sqlite: ['path'],
};

function urlOf(format: string, place: CommandPlace): string {
  if ('path' in place) {
    const path = isAbsolute(place.path) ? place.path : resolve(place.path);
    if (format === 'uri') return `sqlite:///${path.replace(/[%?#\s]/g, encodeURIComponent)}`;
    return (format === 'jdbc' ? 'jdbc:sqlite:{path}' : format).replaceAll('{path}', () => path);
  }
  const template = {
    uri: 'postgresql://{user}:{password}@{host}:{port}/{database}',
    jdbc: 'jdbc:postgresql://{host}:{port}/{database}?user={user}&password={password}',
  }[format];
  const { host, port, user, database, token } = place;
  const values: Record<string, string> = { host, port: String(port), user, database, password: token };
  return (template ?? format).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

/** Texts that must not be in a variable of the command: the password in both spellings, and the URL. */
function secretsOf(target: DatabaseTarget, given: Readonly<Record<string, string | undefined>>): string[] {
  const url = given.DATABASE_URL ?? '';
  const password = 'password' in target ? (target.password?.reveal() ?? '') : '';
  // A short value would also match in ordinary words.
  const passwords = password.length < 4 ? [] : [password, encodeURIComponent(password)];
  return [...new Set([url, ...passwords])].filter((text) => text !== '');
}
