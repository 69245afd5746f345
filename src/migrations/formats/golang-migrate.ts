import type { SourceFile, SqlFormat, SqlSection } from './format.ts';

/**
 * golang-migrate: `1_x.up.sql` and `1_x.down.sql`. It sends a file as it is, without a transaction of its own, so its
 * users write BEGIN and COMMIT where they want them, and leave them out for CREATE INDEX CONCURRENTLY.
 * https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md
 */
export const golangMigrate: SqlFormat = {
  format: 'golang-migrate',
  detect: ([source]) => source !== undefined && /\.up\.sql$/i.test(source.file),
  read([up, down]) {
    if (up === undefined) throw new Error('a migration has a file');
    return { up: whole(up), down: down === undefined ? undefined : whole(down) };
  },
};

function whole({ file, text }: SourceFile): SqlSection {
  return { pieces: [{ file, text, line: 1 }], ownTransaction: 'any' };
}
