import type { HistoryRow, HistoryWrite, StoredSource } from '../../core/model/history.ts';
import type { MigrationFile } from '../../core/model/migration.ts';
import type { Revision } from '../../core/model/revision.ts';
import { checksumOf } from '../checksum.ts';
import { storedSource } from '../load.ts';
import { contentsOf } from '../read.ts';

/**
 * The rows with the text of their files, where a file is the one that the row is about. `kept` has the texts of rows that
 * are written again.
 */
export async function withTexts(
  folder: string,
  files: readonly MigrationFile[],
  rows: readonly HistoryRow[],
  kept: ReadonlyMap<Revision, StoredSource> = new Map(),
): Promise<HistoryWrite[]> {
  const byRevision = new Map(files.map((file) => [file.revision, file]));
  return Promise.all(
    rows.map(async (row) => {
      const before = kept.get(row.revision);
      if (before?.format !== undefined) return { ...row, stored: before };
      const file = byRevision.get(row.revision);
      if (file === undefined || (row.checksum !== null && row.checksum !== file.checksum)) return row;
      const contents = contentsOf(folder, file);
      // A file that changed since it was listed is not stored.
      if (checksumOf(contents) !== file.checksum) return row;
      return { ...row, stored: storedSource(folder, file, contents) };
    }),
  );
}
