import { extname } from 'node:path/posix';
import { fileOf, folderOf, isUsual } from './paths.ts';

/** What the name alone decides. `quiet`: clearly not a migration, so it is ignored without a message. */
type NameReading =
  | { kind: 'migration' }
  | { kind: 'quiet' }
  | { kind: 'leftOut'; why: string }
  /** It has a version in front and would be missed: the whole folder is refused. */
  | { kind: 'refused'; why: string };

/** Suffixes, in any spelling, that run here. */
const RUNS = /\.(?:[cm]?[jt]s|sql)$/i;
const SCRIPT = /^(?:[VU]\d[\d._]*|R)__.*\.sql\.conf$/i;
const QUIET =
  /\.d\.[cm]?ts$|\.map$|\.md$|^(?:readme|licen[cs]e|changelog)(?:\.|$)|^__init__\.py$|^migration_lock\.toml$|^(?:\d+_)?snapshot\.json$/i;
const INDEX = /^index\./i;
const TEST = /[._-](?:test|spec)\.[cm]?[jt]s$/i;
const COPY = /~$|^#.*#$|\.(?:bak|backup|orig|rej|sw[opn]|tmp|temp|old|save|off|disabled|skip|dist|sample|example)$/i;
const COMPRESSED = /\.(?:gz|tgz|bz2|xz|zst|lz4|br|zip|7z|Z)$/;
const SQL_BY_ANOTHER_NAME = /\.(?:ddl|dml|p?gsql|psql|plsql|pls|pks|pkb|mysql|tsql|sqlite)$/i;
const FOREIGN =
  /\.(?:go|py|rb|php|kts?|java|cs|fs|vb|exs?|scala|groovy|cljc?|edn|rs|p[lm]|lua|swift|dart|erl|sh|bash|zsh|ps1|coffee|es6|[jt]sx)$/i;
const FOREIGN_TEST = /(?:_test\.(?:go|py|rb)|^test_.*\.py|\.designer\.cs)$/i;

/** `0001_x`, `20240601-x`, `2024-06-01-x`, and Flyway's `V1__x`, `U1__x`, `B1__x`, `R__x`. */
export function isVersioned(path: string): boolean {
  return /^(?:\d|[VUB]\d[\d._]*__|R__)/.test(fileOf(path));
}

/**
 * The files of Prisma and of Drizzle from version 1 on are `20240601120000_add_orders/migration.sql`, and `down.sql` next to
 * it. In the rules about folders and names each counts as the file `20240601120000_add_orders.sql`.
 */
export function placeOf(path: string, paths: ReadonlySet<string>): string {
  if (!path.includes('/')) return path;
  const folder = folderOf(path);
  const own = /^(?:migration|down)\.sql$/.test(fileOf(path)) && isVersioned(folder);
  return own && paths.has(`${folder}/migration.sql`) ? `${folder}.sql` : path;
}

/** `.sql`, `.ts`: the suffix in lower case. */
export function suffixOf(path: string): string {
  return extname(path).toLowerCase();
}

export function isForeign(path: string): boolean {
  const name = fileOf(path);
  return FOREIGN.test(name) && !FOREIGN_TEST.test(name);
}

/** Reads the name of one file among the `paths` of its folder. Pure. */
export function readName(path: string, paths: ReadonlySet<string> = new Set()): NameReading {
  if (isUsual(path)) return { kind: 'migration' };
  const name = fileOf(path);
  if (QUIET.test(name)) return { kind: 'quiet' };
  if (SCRIPT.test(name)) {
    const script = path.slice(0, -'.conf'.length);
    return paths.has(script) ? { kind: 'quiet' } : { kind: 'leftOut', why: `${fileOf(script)} does not exist` };
  }
  if (RUNS.test(name)) {
    if (INDEX.test(name)) return { kind: 'leftOut', why: 'an index' };
    if (TEST.test(name)) return { kind: 'leftOut', why: 'a test' };
    return { kind: 'migration' };
  }
  if (COPY.test(name)) return { kind: 'leftOut', why: 'a copy or a disabled file' };
  const suffix = extname(name);
  if (!isVersioned(name)) return { kind: 'leftOut', why: suffix === '' ? 'no suffix' : `${suffix} is not run` };
  if (COMPRESSED.test(name) && /\.sql\.|\.ddl\./i.test(name)) {
    return { kind: 'refused', why: `${suffix} files are compressed and cannot be run. Unpack them into .sql files.` };
  }
  if (SQL_BY_ANOTHER_NAME.test(name)) {
    return { kind: 'refused', why: `${suffix} files are not run. Name them .sql, or leave them out with "exclude".` };
  }
  return { kind: 'leftOut', why: suffix === '' ? 'no suffix' : `${suffix} is not run` };
}
