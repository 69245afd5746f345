import { asItIs, type SqlFormat } from './format.ts';

/**
 * golang-migrate: `1_x.up.sql` and `1_x.down.sql`. It sends a file as it is, without a transaction of its own, so its
 * users write BEGIN and COMMIT where they want them, and leave them out for CREATE INDEX CONCURRENTLY.
 * https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md
 */
export const golangMigrate: SqlFormat = {
  format: 'golang-migrate',
  detect: ([source]) => /\.up\.sql$/i.test(source.file),
  read: ([up, down]) => ({ up: asItIs(up), down: down && asItIs(down) }),
};
