import { resolve } from 'node:path';
import { parseDatabaseUrl } from '../core/model/database-url.ts';
import { byDialect, type DatabaseTarget, type PostgresTarget } from '../core/model/target.ts';

/** The value of DATABASE_URL while code runs on this database: unchanged if it already names the same database. */
export function databaseUrlFor(target: DatabaseTarget, present: string | undefined): string | undefined {
  if (present === undefined) return undefined;
  const parsed = parseDatabaseUrl(present);
  if (parsed.ok && isSame(parsed.target, target)) return present;
  return byDialect(target, { postgres: postgresUrl, sqlite: ({ path }) => `sqlite:///${resolve(path)}` });
}

function isSame(a: DatabaseTarget, b: DatabaseTarget): boolean {
  return addressIn(a) === addressIn(b);
}

/** What names a database. */
function addressIn(target: DatabaseTarget): string {
  return byDialect(target, {
    postgres: ({ host, port, database }) => JSON.stringify([host, port, database]),
    sqlite: ({ path }) => JSON.stringify(resolve(path)),
  });
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
