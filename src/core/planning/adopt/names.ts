import { type Revision, revisionOfName } from '../../model/revision.ts';
import { type ForeignRow, type ReadForeign, textOf, timeOf } from './foreign.ts';

/** SequelizeMeta (Umzug, sequelize-cli): file names, in no order but their own. */
export const readSequelize: ReadForeign = (rows, order) => {
  const { found, unmatched } = byName(rows, order);
  const applied = order.flatMap((revision) => (found.has(revision) ? [{ revision }] : []));
  return { ok: true, applied, unmatched };
};

/** knex_migrations: file names by id, which is the order of application. */
export const readKnex: ReadForeign = (rows, order) => {
  const sorted = rows.toSorted((a, b) => Number(a.id) - Number(b.id));
  const { found, unmatched } = byName(sorted, order);
  const applied = [...found].map(([revision, row]) => ({ revision, at: timeOf(row.migration_time) }));
  return { ok: true, applied, unmatched };
};

/** Names count without folder and extension: `dist/migrations/x.js` is `x`. */
function byName(rows: readonly ForeignRow[], order: readonly Revision[]) {
  const known = new Map<string, Revision>(order.map((revision) => [revision, revision]));
  const found = new Map<Revision, ForeignRow>();
  const unmatched: string[] = [];
  for (const row of rows) {
    const name = textOf(row.name);
    const base = name.slice(name.lastIndexOf('/') + 1);
    const revision =
      known.get(revisionOf(base.replace(/(?:\.up)?\.(?:[cm]?[jt]s|sql)$/i, ''))) ?? known.get(revisionOf(base));
    if (revision === undefined) unmatched.push(name);
    else found.set(revision, row);
  }
  return { found, unmatched };
}

function revisionOf(name: string): string {
  return revisionOfName(name) ?? name;
}
