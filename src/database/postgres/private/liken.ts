/** Creates a private server like the target's: roles, tablespaces, the database with its locale, settings. */
import { succeeds } from '../../../core/model/succeeds.ts';
import { type Client, quoteIdentifier } from '../driver.ts';
import { LISTS, listOf } from '../restore-properties.ts';
import { literal } from '../restore-script.ts';
import type { DatabaseLikeness, Likeness, Setting } from './likeness.ts';
import { NoPrivateServer } from './problem.ts';

interface LikenOptions {
  database: string;
  /** Of roles that what runs here makes itself. */
  makesRole?(role: string): boolean;
  /** The owner of the database, if it is not the owner of the target. */
  owner?: string;
}

/** Creates roles and the empty database; returns the remaining differences as sentences. */
export async function liken(admin: Client, like: Likeness, options: LikenOptions): Promise<string[]> {
  const notes: string[] = [];
  for (const sql of like.roles) {
    const name = /^CREATE ROLE "((?:[^"]|"")+)"/.exec(sql)?.[1]?.replaceAll('""', '"') ?? '';
    if (name !== like.role && name !== like.actsAs && options.makesRole?.(name)) continue;
    await admin.query(sql);
  }
  // Since version 10.21, 11.16, 12.11, 13.7, 14.3: tablespaces inside of the data folder.
  await admin.query('SET allow_in_place_tablespaces = on').catch(() => {});
  for (const sql of like.grants) await admin.query(sql).catch(() => {});
  notes.push(...(await createDatabase(admin, like.database, options)));
  return notes;
}

/** `ALTER DATABASE/ROLE … SET`, once the copy is filled: they are for those that migrate, not for a restore. */
export async function applyLikenessSettings(admin: Client, database: string, settings: readonly Setting[]) {
  for (const setting of settings) {
    if (/_preload_libraries$/.test(setting.name) && !(await loads(admin, setting.value))) continue;
    const { role, inDatabase, name } = setting;
    const whose =
      role === undefined
        ? `DATABASE ${quoteIdentifier(database)}`
        : `ROLE ${quoteIdentifier(role)}${inDatabase ? ` IN DATABASE ${quoteIdentifier(database)}` : ''}`;
    const word = name.split('.').map(quoteIdentifier).join('.');
    // A setting of an extension that is not installed here is unknown to this server too.
    await admin.query(`ALTER ${whose} SET ${word} TO ${textOf(setting)}`).catch(() => {});
  }
}

function textOf({ name, value }: Setting): string {
  return LISTS.has(name) ? listOf(value) : literal(value);
}

async function loads(admin: Client, libraries: string): Promise<boolean> {
  for (const library of libraries.split(',').map((one) => one.trim().replace(/^"|"$/g, ''))) {
    if (!(await succeeds(admin.query(`LOAD ${literal(library)}`)))) return false;
  }
  return true;
}

async function createDatabase(admin: Client, like: DatabaseLikeness, options: LikenOptions): Promise<string[]> {
  const name = quoteIdentifier(options.database);
  const owner = quoteIdentifier(options.owner ?? like.owner);
  // The maintenance database of every new server may have the target's name.
  if (options.database !== 'template1' && options.database !== 'template0') {
    await admin.query(`DROP DATABASE IF EXISTS ${name}`);
  }
  const problems: string[] = [];
  for (const { locale, note } of localesFor(like)) {
    try {
      await admin.query(
        `CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ENCODING ${literal(like.encoding)} ${locale}`,
      );
      for (const sql of like.privileges) await admin.query(sql.replace('%s', () => name)).catch(() => {});
      return note === undefined ? [] : [note];
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  throw new NoPrivateServer(`a database like the target's cannot be created here: ${problems[0]}`);
}

/** The target's locale; if this machine lacks it, the closest available one. */
function localesFor({ provider, collate, ctype, locale }: DatabaseLikeness): { locale: string; note?: string }[] {
  const libc = (c: string | null, t: string | null) =>
    [...(c === null ? [] : [`LC_COLLATE ${literal(c)}`]), ...(t === null ? [] : [`LC_CTYPE ${literal(t)}`])].join(' ');
  if (provider === 'builtin') {
    return [{ locale: `LOCALE_PROVIDER builtin BUILTIN_LOCALE ${literal(locale ?? 'C')} ${libc('C', 'C')}` }];
  }
  if (provider === 'icu') {
    const icu = `LOCALE_PROVIDER icu ICU_LOCALE ${literal(locale ?? 'und')}`;
    return [{ locale: `${icu} ${libc(collate, ctype)}` }, { locale: `${icu} ${libc('C', 'C')}` }];
  }
  const language = (collate ?? 'C').replace(/[.@].*$/, '').replace('_', '-');
  const missing = `the locale ${collate} is not on this machine, so the copy sorts text`;
  return [
    { locale: libc(collate, ctype) },
    {
      locale: `LOCALE_PROVIDER icu ICU_LOCALE ${literal(language)} ${libc('C', 'C.UTF-8')}`,
      note: `${missing} by ICU's ${language}`,
    },
    {
      locale: `LOCALE_PROVIDER icu ICU_LOCALE ${literal(language)} ${libc('C', 'C')}`,
      note: `${missing} by ICU's ${language}`,
    },
    { locale: libc('C', 'C.UTF-8'), note: `${missing} by code points` },
    { locale: libc('C', 'C'), note: `${missing} by code points` },
  ];
}
