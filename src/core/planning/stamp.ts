import type { HistoryRow } from '../model/history.ts';
import type { MigrationFile } from '../model/migration.ts';
import type { Problem } from '../model/problem.ts';
import { isRepeatable, type Revision, type Target } from '../model/revision.ts';
import { sortFiles } from './order.ts';
import { dueRepeatables } from './repeatable.ts';
import { resolveTarget } from './target.ts';

/** The changes of the history: first remove, then put, in this order. */
export interface HistoryChange {
  remove: Revision[];
  put: HistoryRow[];
}

/** Author of rows that were not written by a run. `now` is ISO 8601 in UTC. */
export interface RowAuthor {
  now: string;
  runId: string;
  toolVersion: string;
}

/**
 * Sets the history so that exactly the migrations up to the target are marked as applied, without running any: rows
 * after it and rows without a file are deleted, missing ones are added. Other rows keep their time and checksum. Rows
 * after a gap are written again, because the order of the history is the order of application.
 *
 * Problems: UnknownTarget, AmbiguousTarget.
 */
export function stamp(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  target: Target,
  author: RowAuthor,
): ({ ok: true } & HistoryChange) | { ok: false; problem: Problem } {
  const sorted = sortFiles(files).filter(({ revision }) => !isRepeatable(revision));
  const order = sorted.map(({ revision }) => revision);
  const rowsOf = history.filter(({ revision }) => !isRepeatable(revision));
  const resolved = resolveTarget(
    target,
    order,
    rowsOf.map(({ revision }) => revision),
  );
  if (!resolved.ok) return resolved;
  const { position } = resolved;
  const wanted = position === 'base' ? [] : sorted.slice(0, order.indexOf(position) + 1);
  const rows = new Map(history.map((row) => [row.revision, row]));
  const kept = wanted.findIndex((file, index) => !stays(rowsOf[index], file));
  const same = kept < 0 ? wanted.length : kept;
  // As after an upgrade: with the last version, the repeatable ones are applied as they are now.
  const due = wanted.length === sorted.length ? dueRepeatables(files, history) : [];
  return {
    ok: true,
    remove: rowsOf.slice(same).map(({ revision }) => revision),
    put: [
      ...wanted.slice(same).map((file) => applied(rows.get(file.revision), file, author)),
      ...due.map(({ revision, checksum }) => newRow(revision, checksum, author)),
    ],
  };
}

function stays(row: HistoryRow | undefined, { revision }: MigrationFile): boolean {
  return row !== undefined && row.revision === revision && row.state === 'applied';
}

function applied(row: HistoryRow | undefined, file: MigrationFile, author: RowAuthor): HistoryRow {
  if (row !== undefined) return { ...row, state: 'applied' };
  return newRow(file.revision, file.checksum, author);
}

/** A row for a migration that this tool did not run. */
export function newRow(
  revision: Revision,
  checksum: string | null,
  { now, runId, toolVersion }: RowAuthor,
): HistoryRow {
  return { revision, checksum, appliedAt: now, durationMs: 0, runId, toolVersion, state: 'applied' };
}
