import type { Revision } from '../../model/revision.ts';
import { type ForeignReading, type ForeignRow, refuse, textOf } from './foreign.ts';

/** Each revision of Alembic's scripts with its predecessors (`down_revision`): none for the first, several for a merge. */
export type AlembicChain = ReadonlyMap<string, readonly string[]>;

/**
 * alembic_version contains only the id of the current revision. The id is searched in the names on disk
 * (`ae1027a6acf_add_orders`, `2024_06_01-ae1027a6acf_add_orders`). With the scripts, all its ancestors are
 * applied; without them, everything up to that file, which requires names that sort.
 */
export function readAlembic(
  rows: readonly ForeignRow[],
  order: readonly Revision[],
  chain?: AlembicChain,
): ForeignReading {
  const versions = rows.map((row) => textOf(row.version_num));
  const [version, second] = versions;
  if (version === undefined) return { ok: true, applied: [], unmatched: [] };
  if (chain !== undefined) return readChain(versions, order, chain);
  if (second !== undefined) {
    return refuse(
      'InvalidConfiguration',
      `alembic_version has several heads (${versions.join(', ')}), but db-manager supports only one. Merge them with "alembic merge heads" and upgrade, then adopt again.`,
    );
  }
  const at = order.findLastIndex((revision) => isOf(revision, version));
  if (at < 0) return { ok: true, applied: [], unmatched: [version] };
  if (order[at]?.startsWith(version) && order.filter((revision) => UNSORTED.test(revision)).length > 1) {
    return refuse(
      'InvalidConfiguration',
      `The names of the migrations begin with Alembic's ids, which do not sort in the order in which Alembic ran them. Pass the folder of its scripts: db-manager adopt --from alembic --versions alembic/versions`,
    );
  }
  return { ok: true, applied: order.slice(0, at + 1).map((revision) => ({ revision })), unmatched: [] };
}

/** `ae1027a6acf_x`, `1975ea83b712_x`: an id in front, and no number. */
const UNSORTED = /^(?!\d+[_.-])[0-9a-f]{6,}(?:[_.-]|$)/;

function isOf(revision: Revision, id: string): boolean {
  return revision === id || revision.split(/[_\-.]/).includes(id);
}

function readChain(versions: readonly string[], order: readonly Revision[], chain: AlembicChain): ForeignReading {
  const ids: string[] = [];
  const missing = new Set<string>();
  const visit = (id: string) => {
    if (ids.includes(id) || missing.has(id)) return;
    const before = chain.get(id);
    if (before === undefined) return void missing.add(id);
    for (const one of before) visit(one);
    ids.push(id);
  };
  for (const version of versions) visit(version);
  if (missing.size > 0) {
    return refuse(
      'InvalidConfiguration',
      `Alembic's scripts do not contain ${[...missing].join(', ')}, which alembic_version refers to. Pass the folder with all scripts: --versions.`,
    );
  }
  const found = ids.map((id) => ({ id, revision: order.find((revision) => isOf(revision, id)) }));
  const applied = found.flatMap(({ revision }) => (revision === undefined ? [] : [revision]));
  const places = applied.map((revision) => order.indexOf(revision));
  const sorted = places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1));
  const example = `${String(1).padStart(4, '0')}_${applied[0] ?? ''}`;
  return {
    ok: true,
    applied: [...new Set(applied)].map((revision) => ({ revision })),
    unmatched: found.flatMap(({ id, revision }) => (revision === undefined ? [id] : [])),
    ...(sorted
      ? {}
      : {
          note: `The names do not sort in the order in which Alembic ran them, so a new database would run them in the wrong order. Before you apply anything else, number them in this order, ${example} first: ${applied.join(', ')}. Then run: db-manager migrate stamp head`,
        }),
  };
}
