/**
 * `lint`: the safety rules on files, without a database. Each migration is checked as a separate plan, after those
 * that sort before it. This module reads files, and runs code only where it cannot do harm. It opens no connections.
 */
import { join, relative } from 'node:path';
import { CAPABILITIES, DIALECTS, type Dialect } from '../../core/model/dialect.ts';
import type { Finding } from '../../core/model/finding.ts';
import type { LoadedMigration, MigrationFile } from '../../core/model/migration.ts';
import { invalidConfiguration, ProblemError } from '../../core/model/problem.ts';
import type { ReadMigration } from '../../core/safety/action.ts';
import { repositoryFindings } from '../../core/safety/repository.ts';
import type { Server } from '../../core/safety/rule.ts';
import { NEWEST, serverOf } from '../../core/safety/server.ts';
import { unknownIds } from '../../core/safety/unknown-ids.ts';
import { readStatements } from '../../migrations/statements/read.ts';
import { filesOf } from '../session.ts';
import { noticeOf, type Options, resolvePaths } from '../settings.ts';
import { loadAll } from './load.ts';
import { recordWithoutServer } from './record-postgres.ts';
import { recordOnFile } from './record-sqlite.ts';
import { type RuleSelection, select } from './select.ts';

export interface LintOptions extends Options {
  /** Files and folders, relative to `cwd`. Default: the migrations folder. */
  paths?: string[];
  /** Dialect of the SQL. Default: that of the database URL; else PostgreSQL, or SQLite if only SQLite can parse it. */
  dialect?: Dialect;
  /** Version of the target server, such as `15` or `3.40`. Default: the newest known version. */
  serverVersion?: string;
}

export interface LintResult {
  /** True if no finding is an error. */
  safe: boolean;
  dialect: Dialect;
  serverVersion: string;
  /** Number of checked migrations. */
  migrations: number;
  /** In the order of the migrations; `position.file` is relative to `cwd`. */
  findings: Finding[];
}

/**
 * The findings of the safety rules for migrations on disk, without a connection. Code is run to record its statements:
 * for PostgreSQL without a server, for SQLite on an empty file. Throws ProblemError: MigrationsNotFound,
 * InvalidConfiguration (an id in `safety.ignore` that no rule has).
 *
 * @example
 * const { findings } = await lintMigrations({ migrations: './migrations', dialect: 'postgres' });
 */
export async function lintMigrations(options: LintOptions = {}): Promise<LintResult> {
  const settings = await resolvePaths(options);
  const { ignore } = settings.safety;
  const [{ RULES }, { ruleIds }, { checkMigrations }] = await Promise.all([
    import('../../core/safety/rules.ts'),
    import('../../core/safety/rule-ids.ts'),
    import('../../core/safety/check.ts'),
  ]);
  const unknown = unknownIds(ignore, ruleIds());
  if (unknown !== undefined) throw new ProblemError(unknown);
  const cwd = options.cwd ?? process.cwd();
  const selections = await select(options.paths ?? [], settings.migrations, cwd);
  const wished = options.dialect ?? settings.target?.dialect;
  const parts: Part[] = [];
  for (const selection of selections) {
    const own = selection.folder === settings.migrations;
    const globs = own ? { include: settings.include, exclude: settings.exclude } : {};
    const files = await filesOf({ migrations: selection.folder, ...globs }, noticeOf(options));
    parts.push(await readPart(selection, files, wished, options.signal));
  }
  const dialect = wished ?? DIALECTS.findLast((one) => parts.some((part) => part.dialect === one)) ?? DIALECTS[0];
  const { server, serverVersion } = serverFor(dialect, options.serverVersion);
  const findings = parts.flatMap(({ selection, read, broken, wanted }) => {
    const names = repositoryFindings(read, ignore);
    const found = [...broken, ...names, ...checkMigrations(read, RULES, { server, ignore, perMigrationPlan: true })];
    return inOrder(found, wanted).map((finding) => fromHere(strict(finding, dialect), selection.folder, cwd));
  });
  return {
    safe: findings.every(({ severity }) => severity !== 'error'),
    dialect,
    serverVersion,
    migrations: parts.reduce((sum, { wanted }) => sum + wanted.size, 0),
    findings,
  };
}

interface Part {
  selection: RuleSelection;
  dialect: Dialect;
  read: ReadMigration[];
  /** Findings of files that could not be read. */
  broken: Finding[];
  /** Requested revisions, in order. */
  wanted: ReadonlySet<string>;
}

/** Without a given dialect it is PostgreSQL, unless its parser fails and another dialect can read more. */
async function readPart(
  selection: RuleSelection,
  files: MigrationFile[],
  wished: Dialect | undefined,
  signal?: AbortSignal,
): Promise<Part> {
  const [first, ...others] = wished === undefined ? DIALECTS : [wished];
  let best = await readAs(selection, files, first, signal);
  for (const dialect of others) {
    if (unread(best) === 0) break;
    const other = await readAs(selection, files, dialect, signal);
    if (unread(other) < unread(best)) best = other;
  }
  return best;
}

function unread({ read, broken }: Part): number {
  const statements = read.flatMap(({ statements }) => statements.filter(({ actions }) => actions === undefined));
  return statements.length + broken.length;
}

const RECORD = { postgres: recordWithoutServer, sqlite: recordOnFile } satisfies Record<Dialect, unknown>;

async function readAs(
  selection: RuleSelection,
  files: MigrationFile[],
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<Part> {
  const { folder, wants } = selection;
  const { loaded, broken } = await loadAll(folder, files, dialect);
  const recorded = await RECORD[dialect](folder, loaded satisfies LoadedMigration[], signal);
  const read = await readStatements(folder, loaded, { dialect, direction: 'up', recorded });
  const wanted = new Set(files.filter((one) => one.files.some(wants)).map(({ revision }) => revision as string));
  return { selection, dialect, read, broken, wanted };
}

function serverFor(dialect: Dialect, wished: string | undefined): { server: Server; serverVersion: string } {
  const serverVersion = wished ?? NEWEST[dialect];
  const server = serverOf(dialect, serverVersion);
  if (server !== undefined) return { server, serverVersion };
  throw invalidConfiguration(`"${wished}" is not a valid server version. Write it as 15, 15.4 or 3.40.`);
}

/** Findings of the requested migrations, sorted by migration and line. */
function inOrder(findings: readonly Finding[], wanted: ReadonlySet<string>): Finding[] {
  const rank = new Map([...wanted].map((revision, index) => [revision, index]));
  const rankOf = ({ migration = '' }: Finding) => rank.get(migration) ?? -1;
  return findings
    .filter((finding) => rankOf(finding) >= 0)
    .sort((a, b) => rankOf(a) - rankOf(b) || (a.position?.line ?? 0) - (b.position?.line ?? 0));
}

/** Without a database, PostgreSQL's own parser decides what is not valid SQL. */
function strict(finding: Finding, dialect: Dialect): Finding {
  return CAPABILITIES[dialect].ownParser && finding.rule === 'unreadable-statement'
    ? { ...finding, severity: 'error' }
    : finding;
}

function fromHere(finding: Finding, folder: string, cwd: string): Finding {
  const { position } = finding;
  if (position === undefined) return finding;
  return { ...finding, position: { ...position, file: relative(cwd, join(folder, position.file)) } };
}
