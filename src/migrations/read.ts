/**
 * Migrations on disk: this module lists and hashes them (`read.ts`), parses or imports those that a plan needs
 * (`load.ts`), knows the formats (`formats/`, `sql/`) and writes new ones (`scaffold.ts`). It imports core, never a
 * database.
 */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { MigrationFile } from '../core/model/migration.ts';
import { type Problem, ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import { checksumOf } from './checksum.ts';
import { type JournalEntry, readJournal, refuseOtherOrder } from './drizzle-journal.ts';
import { duplicate, type Group, type Grouping, groupFiles } from './grouping.ts';
import { type Located, type LocateOptions, locate } from './locate.ts';

type ReadMigrations = { ok: true; files: MigrationFile[] } | { ok: false; problem: Problem };
type ListedRevisions = { ok: true; revisions: Revision[] } | { ok: false; problem: Problem };

/**
 * Lists and hashes every migration of the folder, in order. Nothing is parsed or imported: enough to plan.
 * Problems: MigrationsNotFound, UnsupportedMigrations (another tool's), InvalidMigration (a name that cannot be one),
 * DuplicateMigration.
 */
export async function readMigrations(folder: string, options?: LocateOptions): Promise<ReadMigrations> {
  const grouped = await groupsOf(folder, options);
  if (!grouped.ok) return grouped;
  try {
    return { ok: true, files: grouped.groups.map((group) => readGroup(folder, group)) };
  } catch (error) {
    if (error instanceof ProblemError) return { ok: false, problem: error.problem };
    throw error;
  }
}

/** The revisions on disk in order, from the names alone: what `migrate current` needs, without reading a file. */
export async function listRevisions(folder: string, options?: LocateOptions): Promise<ListedRevisions> {
  const grouped = await groupsOf(folder, options);
  return grouped.ok ? { ok: true, revisions: grouped.groups.map(({ revision }) => revision) } : grouped;
}

/** The folder for a new migration: that of the others if all are in one folder (`migrations/versions/`). */
export async function homeOf(folder: string, options?: LocateOptions): Promise<string> {
  const located = await locate(folder, options).catch(() => undefined);
  return located?.ok ? join(folder, located.home) : folder;
}

/** The migrations of Drizzle's journal by the time of each entry in milliseconds; undefined without a journal. */
export async function journalTimes(
  folder: string,
  files: readonly MigrationFile[],
): Promise<Map<string, Revision> | undefined> {
  const journal = await readJournal(await homeOf(folder));
  return (
    journal &&
    new Map(
      journal.flatMap(({ when, tag }) => {
        const file = files.find(({ revision }) => revision === tag);
        return file === undefined ? [] : [[String(when), file.revision] as const];
      }),
    )
  );
}

/** The files of each migration, in order, from the names alone. Problems: as those of `readMigrations`. */
export async function groupsOf(folder: string, options?: LocateOptions): Promise<Grouping> {
  let located: Located;
  try {
    located = await locate(folder, options);
  } catch (error) {
    return { ok: false as const, problem: notFound(resolve(folder), error) };
  }
  if (!located.ok) return located;
  const grouped = groupFiles(located.paths);
  return grouped.ok && located.journal !== undefined ? inJournalOrder(grouped, located.journal) : grouped;
}

function inJournalOrder(grouped: Grouping & { ok: true }, journal: readonly JournalEntry[]): Grouping {
  try {
    refuseOtherOrder(
      grouped.groups.map(({ revision }) => revision),
      journal,
    );
    return grouped;
  } catch (error) {
    if (error instanceof ProblemError) return { ok: false, problem: error.problem };
    throw error;
  }
}

function readGroup(folder: string, { revision, files, readSql }: Group): MigrationFile {
  const contents = files.map((file) => readContent(folder, file));
  const other = readSql.find((file) => !contents[0]?.includes(basename(file)));
  if (other !== undefined) throw new ProblemError(duplicate(revision, [...files, other]));
  return { revision, files, checksum: checksumOf(contents) };
}

/** The files of a migration: from the folder, or as the history keeps them. Throws as `readContent`. */
export function contentsOf(folder: string, { files, stored }: Pick<MigrationFile, 'files' | 'stored'>): Buffer[] {
  if (stored !== undefined) return stored.contents.map((content) => Buffer.from(content));
  return files.map((file) => readContent(folder, file));
}

/**
 * Synchronous, because a thousand small files take a third of the time that they take by way of the thread pool.
 * Throws ProblemError InvalidMigration where the file cannot be read.
 */
function readContent(folder: string, file: string): Buffer {
  try {
    return readFileSync(join(folder, file));
  } catch (cause) {
    const problem: Problem = {
      reason: 'InvalidMigration',
      message: `${file} cannot be read (${codeOf(cause)}). Check that it exists and that this user may read it.`,
    };
    throw new ProblemError(problem, { cause });
  }
}

function notFound(path: string, error: unknown): Problem {
  const code = codeOf(error);
  const why =
    code === 'ENOENT'
      ? 'does not exist'
      : code === 'ENOTDIR'
        ? 'is not a folder'
        : `cannot be read (${code}): check its permissions`;
  return {
    reason: 'MigrationsNotFound',
    message: `The migrations folder ${path} ${why}. Set another folder with --migrations or in the configuration, or write the first migration: db-manager generate "create tables"`,
  };
}

/** The code of the operating system, or the error as text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}
