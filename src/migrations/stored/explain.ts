import { count } from '../../core/model/count.ts';
import type { HistoryRow } from '../../core/model/history.ts';
import type { MigrationFile } from '../../core/model/migration.ts';
import type { Problem } from '../../core/model/problem.ts';
import { UNDO_THE_EDIT } from '../../core/planning/integrity.ts';
import { compareFiles, placeOfDifference } from './compare.ts';
import { decodeSource } from './decode.ts';
import type { SourceReader } from './files.ts';

/**
 * A ChecksumMismatch with the place of the first difference, if the applied text is stored. The lines themselves are not
 * in the message, which goes into logs and statuses; `migrate diff` prints them. Other problems are returned unchanged.
 */
export async function explainMismatch(
  problem: Problem,
  folder: string,
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  sources: SourceReader,
): Promise<Problem> {
  const row = history.find(({ revision }) => revision === problem.migration);
  const file = files.find(({ revision }) => revision === problem.migration);
  if (problem.reason !== 'ChecksumMismatch' || row === undefined || file === undefined) return problem;
  const decoded = decodeSource(row, (await sources.sources([row.revision])).get(row.revision));
  if (!decoded.ok) return problem;
  const place = placeOfDifference(await compareFiles(folder, file, decoded.file));
  if (place === undefined) return problem;
  const { name, line, lines } = place;
  const differ = lines === 1 ? '1 line differs' : `${count(lines, 'line')} differ`;
  return {
    ...problem,
    // The command of the advice ends the message, so what differs comes before it.
    message: problem.message.replace(
      UNDO_THE_EDIT,
      () =>
        `${differ}, the first at ${name}:${line}; db-manager migrate diff ${row.revision} shows the difference. ${UNDO_THE_EDIT}`,
    ),
    position: { file: name, line, column: 1 },
  };
}
