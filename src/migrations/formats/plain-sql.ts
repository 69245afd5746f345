import type { SqlFormat } from './format.ts';

/** SQL without any mark: everything goes up, and there is no way down. */
export const plainSql: SqlFormat = {
  format: 'sql',
  detect: () => true,
  read([source]) {
    if (source === undefined) throw new Error('a migration has a file');
    return { up: { pieces: [{ file: source.file, text: source.text, line: 1 }] } };
  },
};
