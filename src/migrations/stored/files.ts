import type { HistoryRow, StoredSource } from '../../core/model/history.ts';
import type { MigrationFile } from '../../core/model/migration.ts';
import { type Problem, ProblemError } from '../../core/model/problem.ts';
import type { Revision } from '../../core/model/revision.ts';
import { missingFiles } from '../../core/planning/integrity.ts';

/** Applied migrations without a file, as far as the history keeps their text. */
export interface StoredMigrations {
  /** In the order of their application. */
  files: MigrationFile[];
  /** Why the text of the others cannot be used. */
  problems: ReadonlyMap<Revision, Problem>;
}

/** The part of the history store that is needed here. */
export interface SourceReader {
  sources(revisions: readonly Revision[]): Promise<Map<Revision, StoredSource>>;
}

/** Reads the stored text of every applied migration that the folder lacks. Nothing is read if none is missing. */
export async function readStored(
  sources: SourceReader,
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): Promise<StoredMigrations> {
  const missing = new Set(missingFiles(files, history));
  if (missing.size === 0) return { files: [], problems: new Map() };
  const { decodeSource } = await import('./decode.ts');
  const texts = await sources.sources([...missing]);
  const found: MigrationFile[] = [];
  const problems = new Map<Revision, Problem>();
  for (const row of history.filter(({ revision }) => missing.has(revision))) {
    const decoded = decodeSource(row, texts.get(row.revision));
    if (decoded.ok) found.push(decoded.file);
    else problems.set(row.revision, decoded.problem);
  }
  return { files: found, problems };
}

/** The files of these revisions, from the folder or from the history. Throws ProblemError if one has neither. */
export function filesOfPlan(
  revisions: readonly Revision[],
  files: readonly MigrationFile[],
  stored: StoredMigrations,
): MigrationFile[] {
  const byRevision = new Map([...stored.files, ...files].map((file) => [file.revision, file]));
  return revisions.flatMap((revision) => {
    const file = byRevision.get(revision);
    if (file !== undefined) return file;
    const problem = stored.problems.get(revision);
    if (problem !== undefined) throw new ProblemError(withFile(problem));
    return [];
  });
}

/** What to do about an applied migration whose file is missing and whose text cannot be used. */
function withFile({ message, ...problem }: Problem): Problem {
  return { ...problem, message: `Restore the file, or deploy the version that contains it. ${message}` };
}
