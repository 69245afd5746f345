import { basename } from 'node:path/posix';
import { asItIs, type SqlFormat } from './format.ts';

/**
 * Prisma: `20240601120000_add_orders/migration.sql`, which it sends as it is, and `down.sql` next to it, which people
 * write with `prisma migrate diff`.
 * https://www.prisma.io/docs/orm/prisma-migrate
 */
export const prisma: SqlFormat = {
  format: 'prisma',
  detect: ([source]) => basename(source.file) === 'migration.sql',
  read: ([up, down]) => ({ up: asItIs(up), down: down && asItIs(down) }),
};
