import type { HistoryRow } from '../model/history.ts';
import type { MigrationFile } from '../model/migration.ts';
import { isRepeatable, type Revision } from '../model/revision.ts';

/**
 * The repeatable migrations that have to run: new ones, and those whose files have changed since. A row without a
 * checksum was imported from another tool, and its file counts as unchanged.
 */
export function dueRepeatables(files: readonly MigrationFile[], history: readonly HistoryRow[]): MigrationFile[] {
  const recorded = new Map(history.map(({ revision, checksum }) => [revision, checksum]));
  return files.filter(({ revision, checksum }) => {
    if (!isRepeatable(revision)) return false;
    const applied = recorded.get(revision);
    return applied === undefined || (applied !== null && applied !== checksum);
  });
}

/** Versioned migrations in the order of application, then the repeatable ones: the order of a database made from nothing. */
export function repeatablesLast(revisions: readonly Revision[]): Revision[] {
  return [...versioned(revisions), ...revisions.filter(isRepeatable).sort()];
}

export function versioned(revisions: readonly Revision[]): Revision[] {
  return revisions.filter((revision) => !isRepeatable(revision));
}
