import type { Column } from '../../core/model/snapshot.ts';
import { notOfExtension, type Part } from './snapshot-catalogue.ts';
import { optionsOf, type SequenceOptions } from './snapshot-sequences.ts';

export interface TableRow {
  schema: string;
  table: string;
  comment: string | null;
  partitionBy: string | null;
  partitionOf: string | null;
  bound: string | null;
}

export interface ColumnRow {
  schema: string;
  table: string;
  name: string;
  type: string;
  notNull: boolean;
  default: string | null;
  identity: '' | 'a' | 'd';
  generated: '' | 's' | 'v';
  sequence: SequenceOptions | null;
  collation: string | null;
  comment: string | null;
}

export const TABLES: Part<TableRow> = {
  sql: `SELECT n.nspname AS schema, c.relname AS "table", obj_description(c.oid, 'pg_class') AS comment,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionBy",
       CASE WHEN pn.nspname <> n.nspname THEN pn.nspname || '.' ELSE '' END || parent.relname AS "partitionOf",
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
     LEFT JOIN pg_class parent ON parent.oid = i.inhparent
     LEFT JOIN pg_namespace pn ON pn.oid = parent.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname IN (:schemas) AND c.relname <> :history AND ${notOfExtension('c.oid', 'pg_class')}
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
};

/**
 * Types with their arguments (format_type), defaults and generated expressions as the server prints them. The
 * sequence is the one that the column owns: an identity column's, or a serial's when the default takes from it.
 */
export const COLUMNS: Part<ColumnRow> = {
  sql: `SELECT n.nspname AS schema, c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS "notNull", CASE WHEN a.atthasdef THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
       a.attidentity AS identity, a.attgenerated AS generated, owned.options AS sequence,
       CASE WHEN a.attcollation <> t.typcollation THEN co.collname END AS collation, com.description AS comment
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     LEFT JOIN pg_description com ON com.objoid = c.oid AND com.objsubid = a.attnum AND com.classoid = 'pg_class'::regclass
     LEFT JOIN (SELECT dep.refobjid, dep.refobjsubid, json_build_object('type', format_type(s.seqtypid, NULL),
                  'start', s.seqstart::text, 'increment', s.seqincrement::text, 'min', s.seqmin::text, 'max', s.seqmax::text,
                  'cache', s.seqcache::text, 'cycle', s.seqcycle) AS options
                FROM pg_sequence s JOIN pg_depend dep ON dep.objid = s.seqrelid AND dep.classid = 'pg_class'::regclass
                  AND dep.refclassid = 'pg_class'::regclass AND dep.deptype IN ('a', 'i')) owned
       ON owned.refobjid = c.oid AND owned.refobjsubid = a.attnum
     WHERE c.relkind IN ('r', 'p') AND n.nspname IN (:schemas) AND c.relname <> :history
     ORDER BY c.oid, a.attnum`,
};

export function toColumn(row: ColumnRow): Column {
  const { name, type, notNull, identity, generated, sequence, collation, comment } = row;
  const serial = identity === '' && sequence !== null && row.default?.startsWith('nextval(');
  const options = sequence === null ? undefined : optionsOf(sequence);
  return {
    name,
    type,
    nullable: !notNull,
    ...(row.default !== null && generated === '' ? { default: row.default } : {}),
    ...(identity === ''
      ? {}
      : { identity: { generation: identity === 'a' ? 'ALWAYS' : 'BY DEFAULT', ...(options && { options }) } }),
    ...(serial ? { serial: true } : {}),
    ...(generated === '' || row.default === null
      ? {}
      : { generated: { expression: row.default, stored: generated === 's' } }),
    ...(collation === null ? {} : { collation }),
    ...(comment === null ? {} : { comment }),
  };
}
