import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Problem, ProblemError } from '../core/model/problem.ts';
import { listNames } from '../core/planning/names.ts';
import { type LeftOut, withinDepth } from './depth.ts';
import { byJournal, type JournalEntry, readJournal } from './drizzle-journal.ts';
import { refuseForeign } from './foreign-folders.ts';
import { describeLeftOut } from './left-out.ts';
import { type Globs, listFiles } from './listing.ts';
import { readName } from './names.ts';

export interface LocateOptions extends Globs {
  /** Gets one sentence that names each file which is left out, with why. */
  onNotice?(sentence: string): void;
}

export type Located =
  | {
      ok: true;
      paths: string[];
      /** Their location, relative to the folder: `.`, or the one folder that contains them. */
      home: string;
      /** Of a folder that Drizzle wrote. */
      journal?: JournalEntry[];
    }
  | { ok: false; problem: Problem };

/**
 * Which files of a folder are migrations, by their names and places. Throws the error of the file system.
 * Problems: UnsupportedMigrations.
 */
export async function locate(folder: string, options: LocateOptions = {}): Promise<Located> {
  try {
    return await locateFiles(folder, options);
  } catch (error) {
    if (error instanceof ProblemError) return { ok: false, problem: error.problem };
    throw error;
  }
}

async function locateFiles(folder: string, { onNotice, ...globs }: LocateOptions): Promise<Located> {
  const files = await listFiles(folder, globs);
  const all = new Set(files);
  const names = files.map((path) => ({ path, reading: readName(path, all) }));
  const leftOut: LeftOut[] = names.flatMap(({ path, reading }) =>
    reading.kind === 'leftOut' ? [{ path, why: reading.why }] : [],
  );
  const candidates = names.flatMap(({ path, reading }) => (reading.kind === 'migration' ? [path] : []));
  // The user has listed which files are migrations.
  const chosen = globs.include !== undefined;
  const depth = chosen
    ? { kept: candidates, leftOut: [], home: '.' }
    : await withinDepth(candidates, (path) => readFile(join(folder, path), 'utf8'));
  const foreign = refuseForeign(files, folder, depth.kept.length === 0);
  if (foreign !== undefined) return { ok: false, problem: foreign };
  for (const { path, reading } of names) {
    if (reading.kind !== 'refused') continue;
    const same = names.flatMap((one) =>
      one.reading.kind === 'refused' && one.reading.why === reading.why ? one.path : [],
    );
    const message = `${listNames(same)}: ${reading.why}`;
    return { ok: false, problem: { reason: 'UnsupportedMigrations', message, migration: path } };
  }
  const journal = await readJournal(join(folder, depth.home));
  const listed = journal === undefined ? { kept: depth.kept, leftOut: [] } : byJournal(depth.kept, depth.home, journal);
  const notice = describeLeftOut([...leftOut, ...depth.leftOut, ...listed.leftOut]);
  if (notice !== undefined) onNotice?.(notice);
  return { ok: true, paths: listed.kept, home: depth.home, ...(journal === undefined ? {} : { journal }) };
}
