import { type ParsedSql, type SqlFile, sectionBody, sqlBody } from './format.ts';

/** A directive that the whole file speaks for, for formats without one of their own. */
const NO_TRANSACTION = /^--\s*(?:db-manager:)?\s*transaction:\s*false\s*$/im;

/** A file without markers: all of it is `up`, and there is no way back unless a second file holds it. */
export function parsePlain(
  format: 'sql' | 'golang-migrate' | 'flyway',
  up: SqlFile,
  down: SqlFile | undefined,
): ParsedSql {
  const body = (source: SqlFile) => sectionBody(source.text.split('\n'), 1, source);
  return {
    format,
    up: up.text.trim() === '' ? sqlBody([]) : body(up),
    down: down === undefined ? undefined : body(down),
    transactional: { up: !NO_TRANSACTION.test(up.text), down: !NO_TRANSACTION.test(down?.text ?? '') },
  };
}
