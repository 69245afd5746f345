import { resolve } from 'node:path';
import { parseDatabaseUrl } from '../core/model/database-url.ts';
import { byDialect, type DatabaseTarget } from '../core/model/target.ts';

/** The databases that a run of this process changes. While code only is recorded or rehearsed, it must not reach them. */
const targets = new Map<string, DatabaseTarget>();

/** From now on, the variables that lead to this database are replaced while code runs on any other. */
export function protectTarget(target: DatabaseTarget): void {
  targets.set(addressOf(target), target);
}

export function isProtected(target: DatabaseTarget): boolean {
  return targets.has(addressOf(target));
}

/** What names a database. */
export function addressOf(target: DatabaseTarget): string {
  return byDialect(target, {
    postgres: ({ host, port, database }) => JSON.stringify([host, port, database]),
    sqlite: ({ path }) => JSON.stringify(resolve(path)),
  });
}

/** Never read as the address of a database. */
const OTHERS = /^(?:PATH|HOME|PWD|OLDPWD|SHELL|TMPDIR|HOSTNAME|USER|LOGNAME|NODE_.*|npm_.*|LC_.*|LANG|TERM|_)$/;
/** libpq's variables with the server and the user of a connection. */
export const LIBPQ = /^PG(?:HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|OPTIONS|SSL.*)$/;

/** Files with a login of the target. */
const LOGIN_FILES = /^DATABASE_(?:URL|PASSWORD)_FILE$/;

/**
 * The variables that lead to a protected database: libpq's, and each whose value contains the host, the password, the file
 * or the URL of one.
 */
export function variablesOfTargets(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...targets.values(), ...ownUrl(env.DATABASE_URL)];
  if (known.length === 0) return [];
  const leads = known.map((target) =>
    byDialect<(value: string) => boolean>(target, {
      postgres: ({ host, password }) => {
        const secret = password?.reveal() ?? '';
        const name = new RegExp(`(?<![\\w.-])${escaped(host)}(?![\\w-]|\\.\\w)`, 'i');
        return (value) => (secret !== '' && contains(value, secret)) || (host !== '' && name.test(value));
      },
      sqlite: ({ path }) => {
        const file = resolve(path);
        return (value) =>
          value.includes(file) || value.replace(/^(?:sqlite|file):(?:\/\/)?\/?/, '') === path || isFile(value, file);
      },
    }),
  );
  const server = known.some((target) => 'host' in target);
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || value === '' || OTHERS.test(name)) return [];
    return LOGIN_FILES.test(name) || (server && LIBPQ.test(name)) || leads.some((leadsTo) => leadsTo(value))
      ? [name]
      : [];
  });
}

/** A short password may be a part of any text; as a whole value it is meant. */
function contains(value: string, secret: string): boolean {
  return (
    value === secret || (secret.length >= 6 && (value.includes(secret) || value.includes(encodeURIComponent(secret))))
  );
}

function isFile(value: string, file: string): boolean {
  return !value.includes('\0') && !value.includes('\n') && resolve(value) === file;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function ownUrl(url: string | undefined): DatabaseTarget[] {
  const parsed = url === undefined ? undefined : parseDatabaseUrl(url);
  return parsed?.ok ? [parsed.target] : [];
}
