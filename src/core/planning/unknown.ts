import type { HistoryRow } from '../model/history.ts';
import type { MigrationFile } from '../model/migration.ts';
import { isRepeatable, type Revision } from '../model/revision.ts';
import { missingFiles } from './integrity.ts';
import { compareRevisions, sortFiles } from './order.ts';
import { versioned } from './repeatable.ts';

/** What a run does with applied migrations that the files lack: `unknownApplied`. */
export type UnknownApplied = 'Refuse' | 'Accept' | 'Downgrade';

/**
 * The applied migrations that a newer version brought, in the order of their application: those that the files lack, if
 * all of them come after everything in the files and nothing of the files is pending. Otherwise none: a file was deleted,
 * or the files belong to another branch.
 */
export function aheadOf(files: readonly MigrationFile[], history: readonly HistoryRow[]): Revision[] {
  const unknown = new Set(missingFiles(files, history));
  const applied = new Set(history.map(({ revision }) => revision));
  if (unknown.size === 0 || files.length === 0 || !files.every(({ revision }) => applied.has(revision))) return [];
  const order = history.map(({ revision }) => revision);
  const appliedLast = order.slice(-unknown.size).every((revision) => unknown.has(revision));
  const last = sortFiles(files.filter(({ revision }) => !isRepeatable(revision))).at(-1)?.revision;
  const namedLast = last !== undefined && [...unknown].every((revision) => compareRevisions(last, revision) < 0);
  return appliedLast || namedLast ? order.filter((revision) => unknown.has(revision)) : [];
}

/** Every known revision in order, without repeatable ones: the files, and the applied ones that they lack in the order of their application. */
export function orderWith(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  ahead: readonly Revision[],
): Revision[] {
  const sorted = sortFiles(files).map(({ revision }) => revision);
  if (ahead.length > 0) return [...sorted, ...versioned(ahead)];
  const missing = versioned(missingFiles(files, history)).map((revision) => ({ revision, files: [`${revision}.sql`] }));
  return sortFiles([...files, ...missing]).map(({ revision }) => revision);
}
