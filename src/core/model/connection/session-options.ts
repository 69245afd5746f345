import { ConnectionStringError, type Value } from './given.ts';
import { capital } from './parameters.ts';

/** Settings that db-manager sets itself, and how to change their values. */
const NOT_HERE: Record<string, string> = {
  statement_timeout: 'Use the setting timeouts.statement.',
  lock_timeout: 'Use the setting timeouts.lock.',
  client_encoding: 'db-manager always uses UTF8.',
  default_transaction_read_only: 'db-manager must write.',
  transaction_read_only: 'db-manager must write.',
};

/**
 * The settings of libpq's `options` (`-c name=value`, `--name=value`), so that a setting which db-manager overrides later
 * is not lost silently. Throws ConnectionStringError for one of these.
 */
export function readSessionOptions({ text, from }: Value): Map<string, string> {
  const found = new Map<string, string>();
  const words = [...text.matchAll(/(?:\\[\s\S]|[^\\\s])+/g)].map(([word]) => word.replace(/\\([\s\S])/g, '$1'));
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const setting =
      word === '-c' ? words[++i] : /^(?:-c|--)(?=\w)/.test(word) ? word.replace(/^(?:-c|--)/, '') : undefined;
    if (setting === undefined) continue;
    const [, name = '', value = ''] = /^([^=]*)=?([\s\S]*)$/.exec(setting) ?? [];
    const key = name.replaceAll('-', '_').toLowerCase();
    const advice = NOT_HERE[key];
    if (advice !== undefined && !(key === 'client_encoding' && isUtf8(value)))
      throw new ConnectionStringError(`${capital(from)} sets ${key} in its options, which is not supported. ${advice}`);
    found.set(key, value);
  }
  return found;
}

export function isUtf8(encoding: string): boolean {
  return /^(utf-?8|unicode|auto)$/i.test(encoding);
}

/** The schemas of a search path, as PostgreSQL reads the setting: unquoted names in lower case, `$user` the user. */
export function schemasOf({ text, from }: Value, user: string): string[] {
  const names: string[] = [];
  const item = /\s*(?:"((?:[^"]|"")*)"|([^\s",]+))\s*(?:,|$)/gy;
  while (item.lastIndex < text.length) {
    const found = item.exec(text);
    if (found === null) throw new ConnectionStringError(`${capital(from)} has a search path that cannot be read.`);
    const name = found[1]?.replaceAll('""', '"') ?? found[2]?.toLowerCase() ?? '';
    names.push(name === '$user' ? user : name);
  }
  if (names.length === 0) throw new ConnectionStringError(`${capital(from)} has a search path without a schema.`);
  return names;
}
