import type { Surroundings } from './surroundings.ts';

interface Login {
  host: string;
  port: number;
  database: string;
  user: string;
}

/**
 * The password of the first matching line of the password file (PostgreSQL manual, 32.16); undefined if there is
 * none. As in libpq, a file that other users may read is not used, and the folder of a socket is `localhost`.
 */
export function findPassword(file: string | undefined, login: Login, surroundings: Surroundings): string | undefined {
  const { env, read, isOpenToOthers } = surroundings;
  const path = file ?? (env.HOME === undefined ? undefined : `${env.HOME}/.pgpass`);
  if (path === undefined) return undefined;
  const text = read(path);
  if (text === undefined || isOpenToOthers(path)) return undefined;
  const host = /^\/(tmp|var\/run\/postgresql|run\/postgresql)$/.test(login.host) ? 'localhost' : login.host;
  const wanted = [host, String(login.port), login.database, login.user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    const [password] = fields.slice(4);
    if (password !== undefined && wanted.every((value, i) => fields[i] === '*' || fields[i] === value)) return password;
  }
  return undefined;
}

/** Separated by colons; a backslash escapes a colon and itself. */
function fieldsOf(line: string): string[] {
  const fields = [''];
  for (const [char] of line.matchAll(/\\[\\:]|[\s\S]/g)) {
    // A password may contain unescaped colons at its end: libpq reads it up to the next colon, like the other fields.
    if (char === ':') fields.push('');
    else fields[fields.length - 1] += char.length === 2 && char.startsWith('\\') ? char.slice(1) : char;
  }
  return fields;
}
