import type { HistoryRow, HistoryWrite, SourceNote } from '../core/model/history.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { orThrow, ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import { editedFiles } from '../core/planning/integrity.ts';
import { findRevision } from '../core/planning/target.ts';
import { withTexts } from '../migrations/stored/attach.ts';
import { decodeSource } from '../migrations/stored/decode.ts';
import { filesIfAny, type Session, withDatabase } from './session.ts';
import { noticeOf, type Options } from './settings.ts';

/** An applied migration as the history keeps it. */
export interface StoredMigration {
  revision: Revision;
  /** ISO 8601 in UTC. */
  appliedAt: string;
  toolVersion: string;
  checksum: string | null;
  /** In the order up, down; the text is as it was applied. */
  files: { name: string; text: string }[];
  /** Size in the history, and whether it can be run again. */
  source?: SourceNote;
  /** For code: the statements that changed the schema when it was applied. */
  sent?: { statements: readonly string[]; complete: boolean };
}

/**
 * The text of an applied migration, from the history alone. Throws ProblemError UnknownTarget, MissingMigration if no
 * text is stored, StoredSourceInvalid.
 *
 * @example
 * const { files } = await showMigration({ databaseUrl: 'sqlite:///data/app.db', revision: '20240101000000_create_notes' });
 */
export function showMigration(options: Options & { revision: string }): Promise<StoredMigration> {
  return withDatabase(options, async ({ database }) => {
    const history = await database.history.read();
    const row = rowOf(options.revision, history);
    const source = (await database.history.sources([row.revision])).get(row.revision);
    const { files, stored } = orThrow(decodeSource(row, source)).file;
    return {
      revision: row.revision,
      appliedAt: row.appliedAt,
      toolVersion: row.toolVersion,
      checksum: row.checksum,
      files: files.map((name, index) => ({ name, text: String(stored?.contents[index] ?? '') })),
      ...(row.source === undefined ? {} : { source: row.source }),
      ...(stored?.sent === undefined ? {} : { sent: stored.sent }),
    };
  });
}

export interface MigrationDiff {
  revision: Revision;
  same: boolean;
  /** A unified diff from the applied text to the file; empty if they are the same. */
  diff: string;
}

/**
 * Compares files with what was applied: one revision, or every file that was edited. Throws ProblemError as
 * `showMigration` does.
 *
 * @example
 * const differences = await diffMigrations({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function diffMigrations(options: Options & { revision?: string } = {}): Promise<MigrationDiff[]> {
  return withDatabase(options, async ({ database, settings }) => {
    const history = await database.history.read();
    const files = await filesIfAny(settings, noticeOf(options));
    const rows = options.revision === undefined ? editedRows(files, history) : [rowOf(options.revision, history)];
    const sources = await database.history.sources(rows.map(({ revision }) => revision));
    const { compareFiles, unifiedDiff } = await import('../migrations/stored/compare.ts');
    const compared: MigrationDiff[] = [];
    for (const row of rows) {
      const { revision } = row;
      const decoded = orThrow(decodeSource(row, sources.get(revision)));
      const file = files.find((one) => one.revision === revision);
      const diff = unifiedDiff(await compareFiles(settings.migrations, file, decoded.file));
      compared.push({ revision, same: diff === '', diff });
    }
    return compared;
  });
}

function editedRows(files: readonly MigrationFile[], history: readonly HistoryRow[]): HistoryRow[] {
  const edited = new Set(editedFiles(files, history).map(({ revision }) => revision));
  return history.filter(({ revision }) => edited.has(revision));
}

function rowOf(text: string, history: readonly HistoryRow[]): HistoryRow {
  const found = findRevision(
    text,
    history.map(({ revision }) => revision),
  );
  const row = found.ok ? history.find(({ revision }) => revision === found.revision) : undefined;
  if (row !== undefined) return row;
  if (!found.ok && found.problem.reason === 'AmbiguousTarget') throw new ProblemError(found.problem);
  throw new ProblemError({
    reason: 'UnknownTarget',
    message: `No applied migration matches "${text}". List all of them: db-manager migrate history`,
  });
}

/**
 * The rows whose text is missing or damaged and whose file is at hand, with the text. `unstored` are those without a
 * file, or with another one.
 */
export async function textsToStore(
  session: Session,
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): Promise<{ put: HistoryWrite[]; unstored: Revision[] }> {
  const sources = await session.database.history.sources(history.map(({ revision }) => revision));
  const lacking = history.filter((row) => {
    const source = sources.get(row.revision);
    return source?.note !== 'TooLarge' && !decodeSource(row, source).ok;
  });
  const rows = await withTexts(session.settings.migrations, files, lacking);
  return {
    put: rows.filter(({ stored }) => stored !== undefined),
    unstored: rows.filter(({ stored }) => stored === undefined).map(({ revision }) => revision),
  };
}
