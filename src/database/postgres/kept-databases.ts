/** Databases that a restore replaced: marked by their comment, kept next to the restored one until they are dropped. */
import { createHash } from 'node:crypto';
import { ProblemError } from '../../core/model/problem.ts';
import type { KeptDatabase } from '../port.ts';
import type { PostgresConnection } from './connection.ts';
import { dropDatabase } from './drop-database.ts';

const COMMENT_START = '{"db-manager":"kept"';
/** PostgreSQL truncates names to this number of bytes. */
const NAME_BYTES = 63;

/** `shop_before_restore_20261128_081500`; a long name is truncated and made unique by a hash. */
export function keptName(database: string, now: Date): string {
  const digits = now.toISOString().replace(/[^0-9]/g, '');
  return besideName(database, `_before_restore_${digits.slice(0, 8)}_${digits.slice(8, 14)}`);
}

/** The name with a suffix; a long one is cut so that `more` bytes can follow, and two with the same start stay apart. */
export function besideName(database: string, suffix: string, more = 0): string {
  const space = NAME_BYTES - Buffer.byteLength(suffix) - more;
  if (Buffer.byteLength(database) <= space) return database + suffix;
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 8);
  const start = Buffer.from(database)
    .subarray(0, space - 9)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return `${start}_${hash}${suffix}`;
}

/** What marks a database as kept, with its own comment inside. */
export function keptComment(identity: string, now: Date, comment: string | null): string {
  return JSON.stringify({ 'db-manager': 'kept', of: identity, at: now.toISOString(), comment });
}

export async function keptDatabases({ client, identity }: PostgresConnection): Promise<KeptDatabase[]> {
  const { rows } = await client.query<{ name: string; size: string; comment: string }>(
    `SELECT datname AS name, pg_database_size(oid)::text AS size, shobj_description(oid, 'pg_database') AS comment FROM pg_database
      WHERE starts_with(shobj_description(oid, 'pg_database'), $1) AND pg_has_role(datdba, 'USAGE')`,
    [COMMENT_START],
  );
  return rows
    .flatMap(({ name, size, comment }) => {
      const mark = parse(comment);
      return mark?.of === identity.id ? [{ name, sizeBytes: Number(size), replacedAt: mark.at }] : [];
    })
    .sort((a, b) => (a.replacedAt < b.replacedAt ? 1 : -1));
}

export async function dropKept(open: PostgresConnection, name: string): Promise<void> {
  if ((await keptDatabases(open)).some((kept) => kept.name === name)) return dropDatabase(open.client, name);
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message: `${name} was not kept by a restore of this database.`,
  });
}

function parse(comment: string): { of: string; at: string } | undefined {
  try {
    const { of, at } = JSON.parse(comment) as Record<string, unknown>;
    return typeof of === 'string' && typeof at === 'string' ? { of, at } : undefined;
  } catch {
    return undefined;
  }
}
