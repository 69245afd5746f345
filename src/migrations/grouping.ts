import { extname } from 'node:path/posix';
import type { Problem } from '../core/model/problem.ts';
import { type Revision, revisionOfName } from '../core/model/revision.ts';
import { listNames } from '../core/planning/names.ts';
import { sortFiles } from '../core/planning/order.ts';
import { refuseCounterparts } from './counterparts.ts';
import { placeOf } from './names.ts';
import { fileOf, folderOf, isUsual } from './paths.ts';

/** The files of one migration, by their names alone. */
export interface Group {
  revision: Revision;
  /** As in `MigrationFile`: one file, or up and down. */
  files: string[];
  /** `x.sql` next to `x.ts` or `x.js`: only the content shows whether the code reads it, so it must be read. */
  readSql: string[];
}

export type Grouping = { ok: true; groups: Group[] } | { ok: false; problem: Problem };

interface Part {
  part: 'whole' | 'up' | 'down';
  stem: string;
  key: string;
  path: string;
}

/** Groups paths into migrations: pairs become one migration, and anything ambiguous is a problem. Pure. */
export function groupFiles(paths: readonly string[]): Grouping {
  const refused = refuseFlyway(paths) ?? refuseCounterparts(paths);
  if (refused !== undefined) return { ok: false, problem: refused };
  const all = new Set(paths);
  const byKey = Map.groupBy(
    paths.map((path) => partOf(path, all)),
    ({ key }) => key,
  );
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
  return { ok: true, groups: sortFiles(groups) };
}

const FLYWAY = /^([VU])(\d+(?:[._]\d+)*)__(.+)\.sql$/;
const BASELINE = /^B\d+(?:[._]\d+)*__.+\.sql$/;
const CALLBACK =
  /^(?:(?:before|after)(?:Each)?(?:Baseline|Clean|Connect|Info|Migrate|Repair|Repeatables|Undo|Validate|Versioned)[A-Za-z]{0,30}|createSchema)(?:__.+)?\.sql$/;
const PAIR = /^(.+)\.(up|down)\.sql$/;

/** Baseline migrations and callbacks of Flyway: one sentence for all such files of a folder. */
function refuseFlyway(paths: readonly string[]): Problem | undefined {
  const others = paths.filter((path) => !isUsual(path));
  const named = (pattern: RegExp) => others.filter((path) => pattern.test(plainName(path)));
  const baseline = named(BASELINE);
  if (baseline.length > 0)
    return refused(
      baseline,
      'Baseline migrations of Flyway are not supported. Restore or create the schema, then mark what it contains: db-manager migrate stamp <revision>',
    );
  // Only next to files of Flyway: elsewhere the name means nothing.
  const callbacks = named(FLYWAY).length > 0 ? named(CALLBACK) : [];
  if (callbacks.length > 0)
    return refused(
      callbacks,
      'Callbacks of Flyway are not supported, and would run once as migrations. Move their statements to R__ files, or leave them out with "exclude" in the configuration',
    );
  return undefined;
}

/** The file's name with its suffix in lower case: `4_d.SQL` is `4_d.sql`. */
function plainName(path: string): string {
  const name = fileOf(path);
  const suffix = /(?:\.up|\.down)?\.\w+$/i.exec(name)?.[0] ?? '';
  return name.slice(0, name.length - suffix.length) + suffix.toLowerCase();
}

/** Names with the same key belong to the same migration. */
function partOf(path: string, all: ReadonlySet<string>): Part {
  if (isUsual(path)) return whole(path, path.slice(0, -'.sql'.length));
  const place = placeOf(path, all);
  const name = plainName(place);
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
  const part = place !== path && fileOf(path) === 'down.sql' ? 'down' : 'whole';
  return { ...whole(path, stem), part };
}

function whole(path: string, stem: string): Part {
  return { part: 'whole', stem, key: `whole ${stem}`, path };
}

function makeGroup(parts: readonly Part[]): Group | Problem {
  const [only, ...others] = parts;
  if (only?.part === 'whole' && others.length === 0) return named(only, [only.path]);
  const of = (kind: Part['part']) => parts.filter(({ part }) => part === kind);
  const wholes = of('whole');
  const ups = of('up');
  const downs = of('down');
  const [main] = [...wholes, ...ups, ...downs];
  if (main === undefined) throw new Error('a group has at least one file');
  const group = named(main, paths([...wholes, ...ups, ...downs]));
  if ('reason' in group) return group;
  const { revision } = group;
  if (wholes.length > 1) return withSql(revision, wholes);
  const doubled = [ups, downs].find((list) => list.length > 1);
  if (doubled !== undefined) return duplicate(revision, paths(doubled));
  if (wholes.length === 0 && ups.length === 0) {
    return {
      reason: 'InvalidMigration',
      migration: revision,
      message: `${main.path} has no matching up migration. Add it, or delete the file.`,
    };
  }
  return group;
}

function named({ path, stem }: Part, files: string[]): Group | Problem {
  const revision = revisionOfName(stem);
  if (revision !== undefined) return { revision, files, readSql: [] };
  return {
    reason: 'InvalidMigration',
    message: `${path}: "${stem}" is not a valid migration name. Use letters, digits, "_", "-" and "." (at most 200), as in 20240601120000_add_orders.`,
  };
}

/** One file of code with SQL of the same name next to it may be one migration that reads it. No other combination is. */
function withSql(revision: Revision, wholes: readonly Part[]): Group | Problem {
  const all = paths(wholes);
  const code = all.filter((path) => /\.[cm]?[jt]s$/i.test(path));
  const sql = all.filter((path) => /\.sql$/i.test(path));
  const [source, other] = code;
  const together = new Set(all.map((path) => folderOf(path))).size === 1;
  if (source === undefined || other !== undefined || !together) {
    return isCompiled(code) ? compiledOutput(revision, code) : duplicate(revision, all);
  }
  return { revision, files: [source], readSql: sql };
}

/** `x.ts` and `x.js`: one is probably the compiled output of the other. */
function isCompiled(code: readonly string[]): boolean {
  return code.some((path) => /ts$/i.test(path)) && code.some((path) => /js$/i.test(path));
}

function compiledOutput(revision: Revision, code: readonly string[]): Problem {
  const suffix = /\.[cm]?js$/i.exec(code.find((path) => /js$/i.test(path)) ?? '')?.[0] ?? '.js';
  return {
    reason: 'DuplicateMigration',
    migration: revision,
    message: `${code.join(' and ')} are the same migration. If one is the compiled output of the other, exclude it in the configuration: exclude: ['**/*${suffix}']. Otherwise delete or rename one of them.`,
  };
}

function paths(parts: readonly Part[]): string[] {
  return parts.map(({ path }) => path);
}

export function duplicate(revision: Revision, files: readonly string[]): Problem {
  return {
    reason: 'DuplicateMigration',
    migration: revision,
    message: `${files.join(' and ')} are the same migration. Names are compared without folder and extension (and versions without leading zeros). Delete or rename one of them, or leave it out with "exclude" in the configuration.`,
  };
}

function refused(paths: readonly string[], advice: string): Problem {
  return { reason: 'InvalidMigration', message: `${listNames(paths)}: ${advice}` };
}
