import type { DatabaseProperties } from './catalogue/database.ts';
import type { Privilege } from './catalogue/read.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';
import { literal } from './restore-script.ts';

/** Settings whose value is a list of names (PostgreSQL source, GUC_LIST_QUOTE). */
export const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** Errors of functions with unqualified names under an empty search path, which pg_dump sets. */
export const UNQUALIFIED =
  /(relation|function|procedure|aggregate|type|operator|table|collation|text search (?:dictionary|configuration|parser|template)) .* does not exist/;

export const UNQUALIFIED_NAMES =
  'A function uses table names without a schema, so the backup was restored with the search path of the database. To make the function independent of it, run: ALTER FUNCTION … SET search_path';

/** The search path with which such functions find their tables. */
export function pathOf(
  { target }: PostgresConnection,
  properties: Pick<DatabaseProperties, 'settings'> | undefined,
): string {
  const set = properties?.settings.find(({ role }) => role === null)?.config;
  const own = set?.find((text) => text.startsWith('search_path='));
  const schemas = [...new Set([...target.schemas, 'public'])].map(quoteIdentifier).join(', ');
  return own === undefined ? schemas : `${own.slice('search_path='.length)}, ${schemas}`;
}

/** CREATE DATABASE with the encoding, the locale and the tablespace of the backup's database. */
export function createStatement(name: string, { tablespace, ...properties }: DatabaseProperties): string {
  const create = `CREATE DATABASE ${quoteIdentifier(name)} ${localeOptions(properties)}`;
  // template0 is in pg_default, and naming a tablespace requires a privilege on it.
  return tablespace === 'pg_default' ? create : `${create} TABLESPACE ${quoteIdentifier(tablespace)}`;
}

/** An index sorts as in the database with this encoding and locale. */
export function localeOptions({ encoding, locale }: Pick<DatabaseProperties, 'encoding' | 'locale'>): string {
  const option = (word: string, value: string | null | undefined) => (value ? [`${word} ${literal(value)}`] : []);
  const provider = { c: 'libc', i: 'icu', b: 'builtin' }[locale.datlocprovider ?? ''];
  const other = locale.datlocale ?? locale.daticulocale;
  return [
    'TEMPLATE template0',
    ...option('ENCODING', encoding),
    ...option('LC_COLLATE', locale.datcollate),
    ...option('LC_CTYPE', locale.datctype),
    ...(provider === undefined ? [] : [`LOCALE_PROVIDER ${provider}`]),
    ...(provider === 'icu' ? [...option('ICU_LOCALE', other), ...option('ICU_RULES', locale.daticurules)] : []),
    ...(provider === 'builtin' ? option('BUILTIN_LOCALE', other) : []),
  ].join(' ');
}

/** The statements that give a database these properties; the owner last, because the others require ownership. */
export function propertyStatements(
  name: string,
  wanted: DatabaseProperties,
  unavailable: ReadonlySet<string>,
): string[] {
  const database = quoteIdentifier(name);
  const owner = unavailable.has(wanted.owner)
    ? []
    : [`ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(wanted.owner)}`];
  return [
    `COMMENT ON DATABASE ${database} IS ${wanted.comment === null ? 'NULL' : literal(wanted.comment)}`,
    ...settingStatements(name, wanted, unavailable),
    ...owner,
    ...grants(database, wanted, unavailable),
  ];
}

/** ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET. */
export function settingStatements(
  name: string,
  { settings }: Pick<DatabaseProperties, 'settings'>,
  unavailable: ReadonlySet<string>,
): string[] {
  const database = quoteIdentifier(name);
  return settings
    .filter(({ role }) => role === null || !unavailable.has(role))
    .flatMap(({ role, config }) => {
      const of = role === null ? `DATABASE ${database}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`;
      return config.map((text) => {
        const equals = text.indexOf('=');
        const [setting, value] = [text.slice(0, equals), text.slice(equals + 1)];
        const names = setting.split('.').map(quoteIdentifier).join('.');
        return `ALTER ${of} SET ${names} = ${LISTS.has(setting) ? listOf(value) : literal(value)}`;
      });
    });
}

/** `"$user", public` as the strings that SET takes for them. */
export function listOf(value: string): string {
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(([, quoted, plain]) =>
    literal(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"')),
  );
  return names.length === 0 ? "''" : names.join(', ');
}

function grants(
  database: string,
  { owner, privileges }: DatabaseProperties,
  unavailable: ReadonlySet<string>,
): string[] {
  const who = (role: string) => (role === '' ? 'PUBLIC' : quoteIdentifier(role));
  const available = privileges.filter(([grantor, grantee]) => !unavailable.has(grantor) && !unavailable.has(grantee));
  const grant = ([, grantee, privilege, grantable]: Privilege) =>
    `GRANT ${privilege} ON DATABASE ${database} TO ${who(grantee)}${grantable ? ' WITH GRANT OPTION' : ''}`;
  const ofOwner = available.filter(([grantor]) => grantor === owner);
  const ofOthers = available.filter(([grantor]) => grantor !== owner);
  const ownersOwn = unavailable.has(owner) ? [] : [`REVOKE ALL ON DATABASE ${database} FROM ${quoteIdentifier(owner)}`];
  return [
    `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
    ...ownersOwn,
    ...ofOwner.map(grant),
    ...ofOthers.flatMap((each) => [`SET ROLE ${quoteIdentifier(each[0])}`, grant(each), 'RESET ROLE']),
  ];
}
