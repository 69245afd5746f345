/** The files of another tool's migrations, by the names that its history has. They are only read. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { SourcePosition } from '../core/model/problem.ts';

export interface ToolFile {
  /** Relative to the folder of the command, with slashes. */
  file: string;
  text: string;
}

/** Folders that have no migrations of the project, and how much is looked at. */
const SKIPPED = /^(?:\..*|node_modules|vendor|venv|env|__pycache__|dist|build|target|site-packages)$/;
const DEEPEST = 8;
const MOST_FILES = 5_000;
const LARGEST = 1_000_000;
const ENDINGS = /\.(?:sql|py|rb|[cm]?[jt]s|go|php|java|kt|xml|ya?ml|json)$/i;

/** Whether the file at this path is the migration; some tools mark it only in the file. */
type Matcher = (revision: string) => { path(path: string): boolean; text?(text: string): boolean };

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const named =
  (test: (name: string, revision: string) => boolean): Matcher =>
  (revision) => ({ path: (path) => test(basename(path), revision) });
/** A name that has the number between these two patterns. */
const numbered =
  (before: string, after: string): Matcher =>
  (revision) => {
    const number = escaped(revision.split(' (', 1)[0] ?? '').replaceAll('\\.', '[._]');
    const pattern = new RegExp(`^${before}0*${number}${after}`, 'i');
    return { path: (path) => pattern.test(basename(path)) };
  };
const ending =
  (of: (revision: string) => string): Matcher =>
  (revision) => ({ path: (path) => `/${path}`.endsWith(`/${of(revision)}`) });

const MATCHERS: Record<string, Matcher> = {
  Alembic: (revision) => ({
    path: (path) => path.endsWith('.py'),
    text: (text) => new RegExp(`^revision\\s*(?::[^=]+)?=\\s*['"]${escaped(revision)}['"]`, 'm').test(text),
  }),
  Django: (revision) => {
    const [app = '', name = ''] = revision.split('.');
    return { path: (path) => `/${path}`.endsWith(`/${app}/migrations/${name}.py`) };
  },
  'golang-migrate': numbered('', '_.*\\.up\\.'),
  'Rails or dbmate': numbered('', '[_-]'),
  Prisma: ending((revision) => `${revision}/migration.sql`),
  Knex: named((name, revision) => name === revision),
  'sequelize-cli': named((name, revision) => name === revision),
  TypeORM: named((name, revision) => name.startsWith(`${/\d{10,40}$/.exec(revision)?.[0] ?? '\0'}-`)),
  Liquibase: ending((revision) => revision.split('::', 1)[0] ?? ''),
  Flyway: (revision) => {
    const versioned = numbered('[VB]', '__')(revision);
    return { path: (path) => basename(path) === revision || versioned.path(path) };
  },
  goose: numbered('', '_'),
  'node-pg-migrate': named((name, revision) => name.slice(0, -extname(name).length) === revision),
  Sqitch: ending((revision) => `deploy/${revision}.sql`),
};

/** The file of each revision that can be found below the folder. Never throws. */
export async function findToolFiles(
  folder: string,
  tools: readonly string[],
  revisions: readonly string[],
): Promise<Map<string, ToolFile>> {
  const found = new Map<string, ToolFile>();
  const paths = await listFiles(folder);
  const texts = new Map<string, Promise<string>>();
  const read = (file: string) => {
    const text = texts.get(file) ?? readFile(join(folder, file), 'utf8').catch(() => '');
    texts.set(file, text);
    return text;
  };
  const tags = tools.includes('Drizzle') ? await drizzleTags(paths, read) : new Map<string, string>();
  for (const revision of revisions) {
    const tag = tags.get(revision.split(' ', 1)[0] ?? '');
    const matchers = tools.flatMap((tool) => MATCHERS[tool]?.(revision) ?? []);
    const candidates = paths.filter((path) => path === tag || matchers.some((one) => one.path(path)));
    for (const file of candidates) {
      const text = await read(file);
      const isIt = file === tag || matchers.some((one) => one.path(file) && (one.text?.(text) ?? true));
      if (text === '' || text.length > LARGEST || !isIt) continue;
      found.set(revision, { file, text });
      break;
    }
  }
  return found;
}

/** Where a statement is in the file that sent it; undefined if its text is not there, for example made by code. */
export function positionIn({ file, text }: ToolFile, sql: string): SourcePosition | undefined {
  const [first = ''] = sql.trim().split(/\r?\n/, 1);
  const at = first.length < 8 ? -1 : text.indexOf(first.trim());
  if (at < 0) return undefined;
  const before = text.slice(0, at).split('\n');
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** Of Drizzle's journals: the path of the file by the time that its history has. */
async function drizzleTags(
  paths: readonly string[],
  read: (file: string) => Promise<string>,
): Promise<Map<string, string>> {
  const tags = new Map<string, string>();
  for (const journal of paths.filter((path) => path.endsWith('meta/_journal.json'))) {
    const folder = journal.slice(0, -'meta/_journal.json'.length);
    for (const [, when = '', tag = ''] of (await read(journal)).matchAll(
      /"when":\s{0,9}(\d{1,20})[^}]{0,500}?"tag":\s{0,9}"([^"]{1,300})"/g,
    )) {
      tags.set(when, `${folder}${tag}.sql`);
    }
  }
  return tags;
}

async function listFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (found.length >= MOST_FILES) return;
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() && depth < DEEPEST && !SKIPPED.test(entry.name)) await walk(inner, depth + 1);
      if (entry.isFile() && ENDINGS.test(entry.name)) found.push(inner);
    }
  };
  await walk('', 0);
  return found;
}
