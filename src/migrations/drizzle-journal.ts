import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import { ProblemError } from '../core/model/problem.ts';
import { listNames } from '../core/planning/names.ts';
import type { LeftOut } from './depth.ts';

/** What Drizzle writes to `meta/_journal.json` for each migration. `when` is in milliseconds. */
export interface JournalEntry {
  idx: number;
  when: number;
  tag: string;
}

/** zod is loaded only where there is a journal. */
async function parseJournal(text: string): Promise<JournalEntry[]> {
  const { z } = await import('zod');
  const entry = z.object({ idx: z.number(), when: z.number(), tag: z.string() });
  return z.object({ entries: z.array(entry) }).parse(JSON.parse(text)).entries;
}

/** The entries in their order; undefined if the folder has no journal. Throws ProblemError InvalidMigration. */
export async function readJournal(folder: string): Promise<JournalEntry[] | undefined> {
  const file = join(folder, 'meta', '_journal.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return (await parseJournal(text)).toSorted((a, b) => a.idx - b.idx);
  } catch (cause) {
    const message = 'meta/_journal.json cannot be read: it is not the journal of Drizzle. Restore it, or remove it.';
    throw new ProblemError({ reason: 'InvalidMigration', message }, { cause });
  }
}

/**
 * Drizzle runs the files of its journal, in that order. A file that is not in it is left out. Throws ProblemError
 * InvalidMigration if a file is missing, or if the names do not sort as the journal does.
 */
export function byJournal(paths: readonly string[], home: string, entries: readonly JournalEntry[]) {
  const tagOf = (path: string) => basename(path).replace(/\.sql$/i, '');
  const here = paths.filter((path) => dirname(path) === home && /\.sql$/i.test(path));
  const tags = entries.map(({ tag }) => tag);
  const missing = tags.filter((tag) => !here.some((path) => tagOf(path) === tag));
  if (missing.length > 0) {
    throw refused(
      `${listNames(missing.map((tag) => `${tag}.sql`))}: in meta/_journal.json, but not in the folder. Restore the file, or run drizzle-kit drop.`,
    );
  }
  const leftOut: LeftOut[] = here
    .filter((path) => !tags.includes(tagOf(path)))
    .map((path) => ({ path, why: 'not in meta/_journal.json' }));
  return { kept: paths.filter((path) => !leftOut.some((one) => one.path === path)), leftOut };
}

/** Throws ProblemError InvalidMigration. `revisions` are in the order in which they would run. */
export function refuseOtherOrder(revisions: readonly string[], entries: readonly JournalEntry[]): void {
  const tags = entries.map(({ tag }) => tag);
  const known = revisions.filter((revision) => tags.includes(revision));
  const at = known.findIndex((revision, index) => revision !== tags[index]);
  if (at < 0) return;
  throw refused(
    `The names of the migrations sort in another order than meta/_journal.json has them: ${tags[at]} is before ${known[at]} there. Number the files and the tags of the journal in its order.`,
  );
}

function refused(message: string): ProblemError {
  return new ProblemError({ reason: 'InvalidMigration', message });
}
