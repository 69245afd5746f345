import { invalidMigration, type ParsedSql, type SqlFile, sectionBody } from './format.ts';

const MARK = /^--\s*migrate:(up|down)\b(.*)$/;

/** dbmate: `-- migrate:up` and `-- migrate:down`, each with an optional `transaction:false`. */
export function parseDbmate(source: SqlFile): ParsedSql | undefined {
  const lines = source.text.split('\n');
  const marks = lines.flatMap((text, index) => {
    const match = MARK.exec(text.trim());
    return match === null ? [] : [{ index, direction: match[1], options: match[2] ?? '' }];
  });
  if (marks.length === 0) return undefined;
  const [first, second, third] = marks;
  if (first?.direction !== 'up') {
    throw invalidMigration(
      source.file,
      (first?.index ?? 0) + 1,
      '"-- migrate:up" has to come before "-- migrate:down".',
    );
  }
  if (third !== undefined || second?.direction === 'up') {
    const line = (third ?? second)?.index ?? 0;
    throw invalidMigration(source.file, line + 1, 'there may be one "-- migrate:up" and one "-- migrate:down".');
  }
  const section = (mark: { index: number }, end: number | undefined) =>
    sectionBody(lines.slice(mark.index + 1, end), mark.index + 2, source);
  return {
    format: 'dbmate',
    up: section(first, second?.index),
    down: second === undefined ? undefined : section(second, undefined),
    transactional: {
      up: !/transaction:\s*false/.test(first.options),
      down: !/transaction:\s*false/.test(second?.options ?? ''),
    },
  };
}
