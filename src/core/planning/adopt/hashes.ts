import type { Revision } from '../../model/revision.ts';
import { type ForeignFiles, type ReadForeign, refuse, textOf, timeOf } from './foreign.ts';

const NO_FILES: ForeignFiles = { checksums: new Map() };

/**
 * _prisma_migrations: a row for each attempt. A row without `finished_at` failed, unless `rolled_back_at` shows that it was
 * resolved. Its checksum is the SHA-256 of the file, as ours.
 */
export const readPrisma: ReadForeign = (rows, order, { checksums } = NO_FILES) => {
  const tried = rows.filter((row) => textOf(row.rolled_back_at) === '');
  const failed = tried.find((row) => textOf(row.finished_at) === '');
  if (failed !== undefined) {
    return refuse(
      'InterruptedMigration',
      `Prisma recorded ${textOf(failed.migration_name)} as failed. Repair the database, run "prisma migrate resolve" and adopt again.`,
    );
  }
  const sorted = tried.toSorted((a, b) => ((timeOf(a.finished_at) ?? '') < (timeOf(b.finished_at) ?? '') ? -1 : 1));
  const applied: { revision: Revision; at?: string; checksum?: string }[] = [];
  const unmatched: string[] = [];
  for (const row of sorted) {
    const name = textOf(row.migration_name);
    const revision = order.find((one) => one === name);
    if (revision === undefined) unmatched.push(name);
    else applied.push({ revision, at: timeOf(row.finished_at), ...sameHash(revision, row.checksum, checksums) });
  }
  return { ok: true, applied: inOrder(applied, order), unmatched };
};

/**
 * __drizzle_migrations: the SHA-256 of each file, and the time of its entry in the journal. As for Drizzle, every entry up
 * to the last time is applied.
 */
export const readDrizzle: ReadForeign = (rows, order, { checksums, times } = NO_FILES) => {
  const byHash = new Map([...checksums].map(([revision, checksum]) => [checksum, revision]));
  const applied: { revision: Revision; at?: string; checksum?: string }[] = [];
  const unmatched: string[] = [];
  for (const row of rows) {
    const hash = textOf(row.hash);
    const time = textOf(row.created_at);
    const named = order.find((one) => one === textOf(row.name));
    const revision = named ?? times?.get(time) ?? byHash.get(`sha256:${hash}`);
    const at = /^\d+$/.test(time) ? timeOf(Number(time)) : undefined;
    if (revision === undefined) unmatched.push(`${hash.slice(0, 12)} (created_at ${time})`);
    else applied.push({ revision, at, ...sameHash(revision, hash, checksums) });
  }
  const newest = Math.max(...rows.map((row) => Number(textOf(row.created_at))));
  for (const [time, revision] of times ?? []) {
    const known = applied.some((one) => one.revision === revision);
    if (!known && Number(time) <= newest) applied.push({ revision, at: timeOf(Number(time)) });
  }
  return { ok: true, applied: inOrder(applied, order), unmatched };
};

function sameHash(revision: Revision, hash: unknown, checksums: ReadonlyMap<Revision, string>): { checksum?: string } {
  const checksum = `sha256:${textOf(hash).toLowerCase()}`;
  return checksums.get(revision) === checksum ? { checksum } : {};
}

function inOrder<T extends { revision: Revision }>(applied: readonly T[], order: readonly Revision[]): T[] {
  return applied.toSorted((a, b) => order.indexOf(a.revision) - order.indexOf(b.revision));
}
