import type { Surroundings } from './surroundings.ts';

export interface Login {
  host: string;
  port: number;
  database: string;
  user: string;
}

/**
 * The password of the first line of the password file that fits (PostgreSQL manual, 32.16); undefined where there is
 * none. As in libpq a file that others may read is not used, and a socket's folder is `localhost`.
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

/** Separated by colons; a backslash takes the meaning from a colon and from itself. */
function fieldsOf(line: string): string[] {
  const fields = [''];
  for (const [char] of line.matchAll(/\\[\\:]|[\s\S]/g)) {
    // A password may have colons of its own at its end: libpq reads it to the next colon, as it does the others.
    if (char === ':') fields.push('');
    else fields[fields.length - 1] += char.length === 2 && char.startsWith('\\') ? char.slice(1) : char;
  }
  return fields;
}
