import type { HistoryRow } from '../model/history.ts';
import type { MigrationFile } from '../model/migration.ts';
import type { Problem } from '../model/problem.ts';
import { compareRevisions } from './order.ts';

/** Files and history have to tell the same story before anything is planned. The first thing that does not fit. */
export function checkIntegrity(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  outOfOrder: 'Refuse' | 'Allow',
): Problem | undefined {
  return (
    interrupted(history) ??
    missing(files, history) ??
    edited(files, history) ??
    (outOfOrder === 'Allow' ? undefined : late(files, history))
  );
}

function interrupted(history: readonly HistoryRow[]): Problem | undefined {
  const rows = history.filter(({ state }) => state !== 'applied');
  if (rows.length === 0) return undefined;
  const [first] = rows;
  return {
    reason: 'InterruptedMigration',
    migration: first?.revision,
    message: `${list(rows)} began outside a transaction and never finished. Look at what it did, then: db-manager repair`,
  };
}

function missing(files: readonly MigrationFile[], history: readonly HistoryRow[]): Problem | undefined {
  const known = new Set(files.map(({ revision }) => revision));
  const gone = history.filter(({ revision }) => !known.has(revision));
  if (gone.length === 0) return undefined;
  return {
    reason: 'MissingMigration',
    migration: gone[0]?.revision,
    message: `${list(gone)} ${gone.length === 1 ? 'is' : 'are'} applied, but the file is not in the migrations folder. Bring it back, or deploy the version that has it.`,
  };
}

function edited(files: readonly MigrationFile[], history: readonly HistoryRow[]): Problem | undefined {
  const checksums = new Map(files.map(({ revision, checksum }) => [revision, checksum]));
  const changed = history.filter(({ revision, checksum }) => checksum !== null && checksums.get(revision) !== checksum);
  if (changed.length === 0) return undefined;
  return {
    reason: 'ChecksumMismatch',
    migration: changed[0]?.revision,
    message: `${list(changed)} ${changed.length === 1 ? 'was' : 'were'} edited after being applied. Undo the edit and write a new migration, or accept the file: db-manager repair --accept-checksums`,
  };
}

function late(files: readonly MigrationFile[], history: readonly HistoryRow[]): Problem | undefined {
  const applied = new Set(history.map(({ revision }) => revision));
  const last = [...applied].sort(compareRevisions).at(-1);
  if (last === undefined) return undefined;
  const pending = files.filter(({ revision }) => !applied.has(revision) && compareRevisions(revision, last) < 0);
  if (pending.length === 0) return undefined;
  return {
    reason: 'OutOfOrder',
    migration: pending[0]?.revision,
    message: `${list(pending)} ${pending.length === 1 ? 'sorts' : 'sort'} before ${last}, which is already applied. Rename the file so that it comes last, or set outOfOrder: Allow.`,
  };
}

/** The first five names and how many more. */
export function list(rows: readonly { revision: string }[], limit = 5): string {
  const names = rows
    .slice(0, limit)
    .map(({ revision }) => revision)
    .join(', ');
  return rows.length > limit ? `${names} and ${rows.length - limit} more` : names;
}
