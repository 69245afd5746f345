import { refuseForeignMarks } from './foreign-marks.ts';
import type { SqlFormat } from './format.ts';

/** SQL without any marker: everything belongs to the up migration; a down migration does not exist. */
export const plainSql: SqlFormat = {
  format: 'sql',
  detect: () => true,
  read([source], dialect) {
    refuseForeignMarks(source, dialect);
    return { up: { pieces: [{ file: source.file, text: source.text, line: 1 }], ownTransaction: 'blocks' } };
  },
};
