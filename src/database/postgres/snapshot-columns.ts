import type { Column } from '../../core/model/snapshot.ts';
import { defaultText } from './catalogue/sql.ts';
import { notOfExtension, type SnapshotPart } from './snapshot-catalogue.ts';
import { numbersColumn, optionsOf, type SequenceOptions } from './snapshot-sequences.ts';

export interface TableRow {
  schema: string;
  table: string;
  comment: string | null;
  partitionBy: string | null;
  partitionOf: string | null;
  bound: string | null;
  inherits: string[] | null;
}

/** A table's columns in their order, as lists: a large schema has so many that their names would be most of the text. */
interface ColumnsRow {
  schema: string;
  table: string;
  names: string[];
  types: string[];
  notNull: boolean[];
  /** Properties that few columns have; null for the others. */
  special: (SpecialColumn | null)[];
}

interface SpecialColumn {
  default: string | null;
  identity: '' | 'a' | 'd';
  generated: '' | 's' | 'v';
  sequence: SequenceOptions | null;
  collation: string | null;
  comment: string | null;
}

export const TABLES: SnapshotPart<TableRow> = {
  sql: `SELECT n.nspname AS schema, c.relname AS "table", obj_description(c.oid, 'pg_class') AS comment,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionBy",
       CASE WHEN pn.nspname <> n.nspname THEN pn.nspname || '.' ELSE '' END || parent.relname AS "partitionOf",
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
       (SELECT array_agg(CASE WHEN hn.nspname <> n.nspname THEN hn.nspname || '.' ELSE '' END || h.relname ORDER BY x.inhseqno)
        FROM pg_inherits x JOIN pg_class h ON h.oid = x.inhparent JOIN pg_namespace hn ON hn.oid = h.relnamespace
        WHERE x.inhrelid = c.oid AND NOT c.relispartition) AS inherits
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
     LEFT JOIN pg_class parent ON parent.oid = i.inhparent
     LEFT JOIN pg_namespace pn ON pn.oid = parent.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname IN (:schemas) AND c.relname NOT IN (:own) AND ${notOfExtension('c.oid', 'pg_class')}
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
};

/**
 * Types with their arguments (format_type), defaults and generated expressions as the server prints them. The
 * sequence is the one that numbers the column: an identity column's, or a serial's that the default takes from. A
 * column may own further sequences, which are objects of their own.
 */
export const COLUMNS: SnapshotPart<ColumnsRow> = {
  sql: `SELECT n.nspname AS schema, c.relname AS "table", array_agg(a.attname ORDER BY a.attnum) AS names,
       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types,
       array_agg(a.attnotnull ORDER BY a.attnum) AS "notNull",
       array_agg(CASE WHEN a.atthasdef OR a.attidentity <> '' OR owned.options IS NOT NULL OR co.oid IS NOT NULL OR com.objoid IS NOT NULL
         THEN json_build_object('default', CASE WHEN a.atthasdef THEN ${defaultText('d.adbin', 'a')} END,
           'identity', a.attidentity, 'generated', a.attgenerated, 'sequence', owned.options,
           'collation', co.collname, 'comment', com.description) END ORDER BY a.attnum) AS special
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     LEFT JOIN pg_description com ON com.objoid = c.oid AND com.objsubid = a.attnum AND com.classoid = 'pg_class'::regclass
     LEFT JOIN (SELECT DISTINCT ON (dep.refobjid, dep.refobjsubid) dep.refobjid, dep.refobjsubid, json_build_object('type', format_type(s.seqtypid, NULL),
                  'start', s.seqstart::text, 'increment', s.seqincrement::text, 'min', s.seqmin::text, 'max', s.seqmax::text,
                  'cache', s.seqcache::text, 'cycle', s.seqcycle) AS options
                FROM pg_sequence s JOIN pg_depend dep ON dep.objid = s.seqrelid AND dep.classid = 'pg_class'::regclass
                  AND dep.refclassid = 'pg_class'::regclass AND dep.deptype IN ('a', 'i')
                WHERE ${numbersColumn('s.seqrelid', 'dep')}
                ORDER BY dep.refobjid, dep.refobjsubid, s.seqrelid) owned
       ON owned.refobjid = c.oid AND owned.refobjsubid = a.attnum
     WHERE c.relkind IN ('r', 'p') AND n.nspname IN (:schemas) AND c.relname NOT IN (:own)
     GROUP BY n.nspname, c.oid, c.relname`,
};

export function toColumns({ names, types, notNull, special }: ColumnsRow): Column[] {
  return names.map((name, at) => toColumn(name, types[at] ?? '', notNull[at] ?? false, special[at] ?? null));
}

function toColumn(name: string, type: string, notNull: boolean, special: SpecialColumn | null): Column {
  const plain = { name, type, nullable: !notNull };
  if (special === null) return plain;
  const { identity, generated, sequence, collation, comment } = special;
  const serial = identity === '' && sequence !== null && special.default?.startsWith('nextval(');
  const options = sequence === null ? undefined : optionsOf(sequence);
  return {
    ...plain,
    ...(special.default !== null && generated === '' ? { default: special.default } : {}),
    ...(identity === ''
      ? {}
      : { identity: { generation: identity === 'a' ? 'ALWAYS' : 'BY DEFAULT', ...(options && { options }) } }),
    ...(serial ? { serial: true } : {}),
    ...(generated === '' || special.default === null
      ? {}
      : { generated: { expression: special.default, stored: generated === 's' } }),
    ...(collation === null ? {} : { collation }),
    ...(comment === null ? {} : { comment }),
  };
}
