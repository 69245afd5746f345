import { basename } from 'node:path/posix';
import type { SourceFile, SqlFormat, SqlSection } from './format.ts';

/**
 * Prisma: `20240601120000_add_orders/migration.sql`, which it sends as it is, and `down.sql` next to it, which people
 * write with `prisma migrate diff`.
 * https://www.prisma.io/docs/orm/prisma-migrate
 */
export const prisma: SqlFormat = {
  format: 'prisma',
  detect: ([source]) => source !== undefined && basename(source.file) === 'migration.sql',
  read([up, down]) {
    if (up === undefined) throw new Error('a migration has a file');
    return { up: whole(up), down: down === undefined ? undefined : whole(down) };
  },
};

function whole({ file, text }: SourceFile): SqlSection {
  return { pieces: [{ file, text, line: 1 }], ownTransaction: 'any' };
}
