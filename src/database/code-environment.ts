import { resolve } from 'node:path';
import type { Variables } from '../author/environment.ts';
import { addressOf, isProtected, LIBPQ, variablesOfTargets } from '../author/target-variables.ts';
import { parseDatabaseUrl } from '../core/model/database-url.ts';
import { byDialect, type DatabaseTarget, type PostgresTarget } from '../core/model/target.ts';

/**
 * The variables of the process while code runs on this database. On the target they stay. On a copy of it, DATABASE_URL
 * and libpq's variables lead to the copy, and others that lead to the target are removed. A variable that is not set
 * stays unset.
 */
export function variablesFor(target: DatabaseTarget, env: Readonly<Record<string, string | undefined>>): Variables {
  const changed: Record<string, string | undefined> = {};
  const { DATABASE_URL: present } = env;
  if (!isProtected(target)) {
    for (const name of variablesOfTargets(env)) {
      changed[name] = 'host' in target && LIBPQ.test(name) ? libpq(target)[name] : undefined;
    }
  }
  if (present !== undefined) {
    const parsed = parseDatabaseUrl(present);
    const same = parsed.ok && addressOf(parsed.target) === addressOf(target);
    changed.DATABASE_URL = same
      ? present
      : byDialect(target, { postgres: postgresUrl, sqlite: ({ path }) => `sqlite:///${resolve(path)}` });
  }
  return changed;
}

function libpq({ host, port, user, password, database }: PostgresTarget): Record<string, string | undefined> {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(password === undefined ? {} : { PGPASSWORD: password.reveal() }),
  };
}

function postgresUrl({ host, port, user, password, database, ssl }: PostgresTarget): string {
  const url = new URL(`postgres://localhost:${port}/${encodeURIComponent(database)}`);
  url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password.reveal());
  if (host.startsWith('/')) url.searchParams.set('host', host);
  else url.hostname = host.includes(':') ? `[${host}]` : host;
  url.searchParams.set('sslmode', ssl.mode);
  if (ssl.caFile !== undefined) url.searchParams.set('sslrootcert', ssl.caFile);
  return url.href;
}
