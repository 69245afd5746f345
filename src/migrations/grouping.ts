import { basename, dirname, extname } from 'node:path/posix';
import type { Problem } from '../core/model/problem.ts';
import { parseRevision, type Revision } from '../core/model/revision.ts';
import { sortByRevision } from '../core/planning/order.ts';
import { isForeign } from './listing.ts';

/** The files of one migration, by their names alone. */
export interface Group {
  revision: Revision;
  /** As in `MigrationFile`: one file, or up and down. */
  files: string[];
  /** `x.js` beside `x.ts`: to be looked at, because only its content tells whether it is the compiled twin. */
  compiled: string[];
}

export type Grouping = { ok: true; groups: Group[] } | { ok: false; problem: Problem };

type Part =
  | { part: 'whole' | 'up' | 'down'; stem: string; key: string; path: string }
  | { part: 'refused'; problem: Problem };

/** Sorts paths into migrations: pairs become one, and whatever is ambiguous is a problem. Pure. */
export function groupFiles(paths: readonly string[]): Grouping {
  const byKey = new Map<string, Part[]>();
  for (const path of paths) {
    const part = readName(path);
    if (part.part === 'refused') return { ok: false, problem: part.problem };
    byKey.set(part.key, [...(byKey.get(part.key) ?? []), part]);
  }
  const groups: Group[] = [];
  const seen = new Map<string, string>();
  for (const parts of byKey.values()) {
    const made = makeGroup(parts);
    if ('reason' in made) return { ok: false, problem: made };
    const first = made.files[0] ?? '';
    const other = seen.get(made.revision);
    if (other !== undefined) return { ok: false, problem: duplicate(made.revision, [other, first]) };
    seen.set(made.revision, first);
    groups.push(made);
  }
  return { ok: true, groups: sortByRevision(groups, ({ revision }) => revision) };
}

const FLYWAY = /^([VU])(\d+(?:[._]\d+)*)__(.+)\.sql$/;
const FLYWAY_OTHER = /^(R__|B\d+(?:[._]\d+)*__).+\.sql$/;
const PAIR = /^(.+)\.(up|down)\.sql$/;

/** Names with the same key belong to the same migration. */
function readName(path: string): Part {
  const name = basename(path);
  if (isForeign(name)) {
    return refused(path, `${extname(name)} files cannot be run here. Write it as .sql, .ts or .js, or move it away.`);
  }
  const other = FLYWAY_OTHER.exec(name);
  if (other !== null) {
    const advice = other[1]?.startsWith('R')
      ? 'Repeatable migrations of Flyway are not supported, because nothing says when to run them again. Put the definition into a versioned migration (V…__….sql) each time it changes.'
      : 'Baseline migrations of Flyway are not supported. Restore or create the schema, then mark what it contains: db-manager migrate stamp <revision>';
    return refused(path, advice);
  }
  const flyway = FLYWAY.exec(name);
  if (flyway?.[1] !== undefined && flyway[2] !== undefined) {
    const version = flyway[2].split(/[._]/).map(BigInt).join('.');
    const part = flyway[1] === 'V' ? 'up' : 'down';
    return { part, stem: name.slice(0, -'.sql'.length), key: `flyway ${version.replace(/(\.0)+$/, '')}`, path };
  }
  const pair = PAIR.exec(name);
  if (pair?.[1] !== undefined) {
    const number = /^\d+(?=_)/.exec(pair[1])?.[0];
    const key = number === undefined ? `pair ${pair[1]}` : `pair ${BigInt(number)}`;
    return { part: pair[2] === 'up' ? 'up' : 'down', stem: pair[1], key, path };
  }
  const stem = name.slice(0, -extname(name).length);
  return { part: 'whole', stem, key: `whole ${stem}`, path };
}

function makeGroup(parts: readonly Part[]): Group | Problem {
  const of = (kind: 'whole' | 'up' | 'down') => parts.flatMap((part) => (part.part === kind ? [part] : []));
  const wholes = of('whole');
  const ups = of('up');
  const downs = of('down');
  const [main] = [...wholes, ...ups, ...downs];
  if (main === undefined) throw new Error('a group has at least one file');
  const revision = parseRevision(main.stem);
  if (revision === undefined) {
    return {
      reason: 'InvalidMigration',
      message: `${main.path}: "${main.stem}" is no name for a migration. Use letters, digits, "_", "-" and "." (at most 200), starting with a letter or a digit, as in 20240601120000_add_orders.`,
    };
  }
  if (wholes.length > 1) return twins(revision, wholes);
  const doubled = [ups, downs].find((list) => list.length > 1);
  if (doubled !== undefined) return duplicate(revision, paths(doubled));
  if (wholes.length === 0 && ups.length === 0) {
    return {
      reason: 'InvalidMigration',
      migration: revision,
      message: `${main.path} has no migration that it reverts. Add the one that goes up, or delete the file.`,
    };
  }
  return { revision, files: paths([...wholes, ...ups, ...downs]), compiled: [] };
}

/** One TypeScript file with compiled files of the same name beside it may be one migration; nothing else is. */
function twins(revision: Revision, wholes: readonly Extract<Part, { path: string }>[]): Group | Problem {
  const all = paths(wholes);
  const sources = all.filter((path) => /\.[cm]?ts$/.test(path));
  const compiled = all.filter((path) => /\.[cm]?js$/.test(path));
  const [source] = sources;
  const together = new Set(all.map((path) => dirname(path))).size === 1;
  if (source === undefined || sources.length > 1 || sources.length + compiled.length < all.length || !together) {
    return duplicate(revision, all);
  }
  return { revision, files: [source], compiled };
}

function paths(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => ('path' in part ? [part.path] : []));
}

export function duplicate(revision: Revision, files: readonly string[]): Problem {
  return {
    reason: 'DuplicateMigration',
    migration: revision,
    message: `${files.join(' and ')} are the same migration. Names count without folder and extension (and versions without leading zeros): delete or rename one of them.`,
  };
}

function refused(path: string, advice: string): Part {
  return { part: 'refused', problem: { reason: 'InvalidMigration', message: `${path}: ${advice}` } };
}
