import { type ReadForeign, refuse, textOf } from './foreign.ts';

/**
 * alembic_version holds the id of the current revision, and no list. It is looked for as a part of the names on disk
 * (`ae1027a6acf_add_orders`, `2024_06_01-ae1027a6acf_add_orders`); everything up to that file is applied.
 */
export const readAlembic: ReadForeign = (rows, order) => {
  const [row, second] = rows;
  if (row === undefined) return { ok: true, applied: [], unmatched: [] };
  const version = textOf(row.version_num);
  if (second !== undefined) {
    const heads = rows.map((each) => textOf(each.version_num)).join(', ');
    return refuse(
      'InvalidConfiguration',
      `alembic_version has several heads (${heads}), and here is one line of migrations. Merge them with "alembic merge heads" and upgrade, then adopt again.`,
    );
  }
  const at = order.findLastIndex((revision) => revision === version || revision.split(/[_\-.]/).includes(version));
  if (at < 0) return { ok: true, applied: [], unmatched: [version] };
  return { ok: true, applied: order.slice(0, at + 1).map((revision) => ({ revision })), unmatched: [] };
};
