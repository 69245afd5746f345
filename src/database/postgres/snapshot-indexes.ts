import type { Index, IndexPart } from '../../core/model/snapshot.ts';
import type { SnapshotPart } from './snapshot-catalogue.ts';

interface IndexRow {
  schema: string;
  table: string;
  name: string;
  unique: boolean;
  method: string;
  valid: boolean;
  where: string | null;
  nullsNotDistinct: boolean;
  keys: number;
  parts: {
    text: string | null;
    column: string | null;
    option: number;
    opclass: string | null;
    collation: string | null;
  }[];
}

/** `indoption` bits (pg_index): 1 is DESC, 2 is NULLS FIRST. */
const DESCENDING = 1;
const NULLS_FIRST = 2;

/**
 * Indexes that no constraint owns. `indnullsnotdistinct` was added in PostgreSQL 15, so it is read through JSON; only
 * parts that are not columns are printed, because printing takes most of the time.
 */
export const INDEXES: SnapshotPart<IndexRow> = {
  sql: `SELECT n.nspname AS schema, c.relname AS "table", ic.relname AS name, i.indisunique AS unique, am.amname AS method,
       i.indisvalid AS valid, pg_get_expr(i.indpred, i.indrelid) AS where, i.indnkeyatts AS keys,
       coalesce((to_json(i) ->> 'indnullsnotdistinct')::boolean, false) AS "nullsNotDistinct",
       (SELECT json_agg(json_build_object(
            'text', CASE WHEN a.attname IS NULL THEN pg_get_indexdef(i.indexrelid, u.ord::int, true) END,
            'column', a.attname,
            'option', i.indoption[u.ord - 1],
            'opclass', (SELECT opcname FROM pg_opclass WHERE oid = i.indclass[u.ord - 1] AND NOT opcdefault),
            'collation', CASE WHEN i.indcollation[u.ord - 1] <> 0
                               AND i.indcollation[u.ord - 1] <> coalesce(a.attcollation, t.typcollation)
                         THEN (SELECT collname FROM pg_collation WHERE oid = i.indcollation[u.ord - 1]) END
          ) ORDER BY u.ord)
        FROM unnest(i.indkey::int[]) WITH ORDINALITY u(num, ord)
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.num AND u.num > 0
        LEFT JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = u.ord
        LEFT JOIN pg_type t ON t.oid = ia.atttypid) AS parts
     FROM pg_index i
     JOIN pg_class ic ON ic.oid = i.indexrelid
     JOIN pg_class c ON c.oid = i.indrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_am am ON am.oid = ic.relam
     WHERE n.nspname IN (:schemas) AND c.relkind IN ('r', 'p', 'm') AND c.relname NOT IN (:own) AND NOT ic.relispartition
       AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
     ORDER BY ic.relname COLLATE "C"`,
};

export function toIndex(row: IndexRow): Index {
  return {
    name: row.name,
    unique: row.unique,
    method: row.method,
    parts: row.parts.slice(0, row.keys).map(toPart),
    include: row.parts.slice(row.keys).map(({ column, text }) => column ?? text ?? ''),
    ...(row.where === null ? {} : { where: row.where }),
    nullsNotDistinct: row.nullsNotDistinct,
    valid: row.valid,
  };
}

/** Only differences from the default: NULLS LAST for ASC, NULLS FIRST for DESC. */
function toPart({ text, column, option, opclass, collation }: IndexRow['parts'][number]): IndexPart {
  const descending = (option & DESCENDING) !== 0;
  const nullsFirst = (option & NULLS_FIRST) !== 0;
  return {
    ...(column === null ? { expression: text ?? '' } : { column }),
    order: descending ? 'DESC' : 'ASC',
    ...(descending === nullsFirst ? {} : { nulls: nullsFirst ? 'FIRST' : 'LAST' }),
    ...(opclass === null ? {} : { opclass }),
    ...(collation === null ? {} : { collation }),
  };
}
