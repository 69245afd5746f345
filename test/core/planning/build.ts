import type { HistoryRow, HistoryState } from '../../../src/core/model/history.ts';
import type { MigrationFile } from '../../../src/core/model/migration.ts';
import { parseRevision, parseTarget, type Revision, type Target } from '../../../src/core/model/revision.ts';

export function revisionOf(text: string): Revision {
  const revision = parseRevision(text);
  if (revision === undefined) throw new Error(`${text} is no revision`);
  return revision;
}

export function targetOf(text: string): Target {
  const target = parseTarget(text);
  if (target === undefined) throw new Error(`${text} is no target`);
  return target;
}

/** Files with the checksum `sha256:<name>`. */
export function filesOf(...names: string[]): MigrationFile[] {
  return names.map((name) => ({ revision: revisionOf(name), files: [`${name}.sql`], checksum: `sha256:${name}` }));
}

export function rowOf(
  name: string,
  state: HistoryState = 'applied',
  checksum: string | null = `sha256:${name}`,
): HistoryRow {
  const appliedAt = '2024-01-01T00:00:00.000Z';
  return { revision: revisionOf(name), checksum, appliedAt, durationMs: 5, runId: 'r', toolVersion: '0.1.0', state };
}

/** Rows as they were applied: in this order, with the files' checksums. */
export function historyOf(...names: string[]): HistoryRow[] {
  return names.map((name) => rowOf(name));
}

export const AUTHOR = { now: '2024-06-01T00:00:00.000Z', runId: 'stamp', toolVersion: '0.1.0' };
