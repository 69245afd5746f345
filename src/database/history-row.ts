import type { HistoryRow, SourceNote, SourceProblem, StoredSource } from '../core/model/history.ts';
import { ProblemError } from '../core/model/problem.ts';

/** The columns of the first layout, which every history has. */
export const BASE_COLUMNS = ['revision', 'checksum', 'applied_at', 'duration_ms', 'run_id', 'tool_version', 'state'];

/** `table` is quoted. */
export function noHistory(table: string): ProblemError {
  const message = `${table} exists, but it is not a history of db-manager: it lacks the columns ${BASE_COLUMNS.join(', ')}, or some of them. Nothing was changed. Name another table with the setting history.`;
  return new ProblemError({ reason: 'InvalidConfiguration', message });
}

/** A row as the database returns it; without the columns of layout 2, these are null. */
export interface RawRow extends Omit<HistoryRow, 'layout' | 'source'> {
  layout: number | null;
  sourceFormat: string | null;
  sourceNote: string | null;
  sourceBytes: number | null;
}

/** `withSources` is false for a table of layout 1, which has no columns for the text. */
export function toHistoryRow(
  { layout, sourceFormat, sourceNote, sourceBytes, ...row }: RawRow,
  withSources: boolean,
): HistoryRow {
  if (!withSources) return { ...row, layout: 1 };
  const source: SourceNote = { bytes: Number(sourceBytes ?? 0), ...parseNote(sourceNote) };
  if (sourceFormat !== null) source.format = sourceFormat;
  return { ...row, layout: layout ?? 1, source };
}

/** One column has the note and its detail: `OwnImports: ./names.ts`. */
export function noteText({ note, detail }: Pick<StoredSource, 'note' | 'detail'>): string | null {
  if (note === undefined) return null;
  return detail === undefined ? note : `${note}: ${detail}`;
}

function parseNote(text: string | null): Pick<SourceNote, 'note' | 'detail'> {
  const [, note, detail] = /^(TooLarge|OwnImports)(?:: (.*))?$/s.exec(text ?? '') ?? [];
  if (note === undefined) return {};
  return { note: note as SourceProblem, ...(detail === undefined ? {} : { detail }) };
}

/** The stored text of a row; undefined fields are null in the table. */
export function toStoredSource(row: {
  format: string | null;
  digest: string | null;
  note: string | null;
  content: Uint8Array | null;
}): StoredSource {
  const { format, digest, note, content } = row;
  return {
    ...(format === null ? {} : { format }),
    ...(digest === null ? {} : { digest }),
    ...(content === null ? {} : { content }),
    ...parseNote(note),
  };
}
