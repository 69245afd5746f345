import type { Revision } from '../../model/revision.ts';
import { numberOf, type ReadForeign, refuse, textOf, timeOf, truthOf } from './foreign.ts';

/** golang-migrate keeps one version: everything up to it is applied. A dirty version was interrupted. */
export const readGolangMigrate: ReadForeign = (rows, order) => {
  const [row, second] = rows;
  if (row === undefined) return { ok: true, applied: [], unmatched: [] };
  const version = textOf(row.version);
  if (second !== undefined || !('dirty' in row)) {
    return refuse(
      'InvalidConfiguration',
      'schema_migrations is not the table of golang-migrate (one row with version and dirty). Try: db-manager adopt --from dbmate',
    );
  }
  if (truthOf(row.dirty)) {
    return refuse(
      'InterruptedMigration',
      `golang-migrate marked version ${version} as dirty: it failed halfway. Repair the database, then set it with "migrate force <version>" and adopt again.`,
    );
  }
  const at = order.findIndex((revision) => numberOf(revision) === numberOf(version));
  if (at < 0) return { ok: true, applied: [], unmatched: [version] };
  return { ok: true, applied: order.slice(0, at + 1).map((revision) => ({ revision })), unmatched: [] };
};

/** dbmate stores the number of every applied file. */
export const readDbmate: ReadForeign = (rows, order) => {
  if (rows.some((row) => 'dirty' in row)) {
    return refuse(
      'InvalidConfiguration',
      'schema_migrations is the table of golang-migrate (it has a column "dirty"). Try: db-manager adopt --from golang-migrate',
    );
  }
  const known = byNumber(order);
  const found = new Set<Revision>();
  const unmatched: string[] = [];
  for (const row of rows) {
    const version = textOf(row.version);
    const revisions = known.get(numberOf(version) ?? version) ?? [];
    if (revisions.length === 0) unmatched.push(version);
    for (const revision of revisions) found.add(revision);
  }
  return { ok: true, applied: order.filter((r) => found.has(r)).map((revision) => ({ revision })), unmatched };
};

/** goose adds a row for each apply and, in older versions, for each revert: the last row of a version counts. */
export const readGoose: ReadForeign = (rows, order) => {
  const known = byNumber(order);
  const last = new Map<string, { applied: boolean; at?: string }>();
  for (const row of rows.toSorted((a, b) => Number(a.id) - Number(b.id))) {
    const version = textOf(row.version_id);
    // Version 0 is the row that goose inserts when it creates its table.
    if (version === '0') continue;
    // Deleted and added again, so that a version that was reverted and applied again comes last.
    last.delete(version);
    last.set(version, { applied: truthOf(row.is_applied), at: timeOf(row.tstamp) });
  }
  const unmatched: string[] = [];
  const applied = [...last].flatMap(([version, row]) => {
    if (!row.applied) return [];
    const revisions = known.get(version) ?? [];
    if (revisions.length === 0) unmatched.push(version);
    return revisions.map((revision) => ({ revision, at: row.at }));
  });
  return { ok: true, applied, unmatched };
};

function byNumber(order: readonly Revision[]): Map<string, Revision[]> {
  const known = new Map<string, Revision[]>();
  for (const revision of order) {
    const number = numberOf(revision);
    if (number !== undefined) known.set(number, [...(known.get(number) ?? []), revision]);
  }
  return known;
}
