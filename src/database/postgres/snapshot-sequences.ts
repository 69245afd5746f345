import type { SequenceObject } from '../../core/model/snapshot.ts';
import { notOfExtension, type SnapshotPart } from './snapshot-catalogue.ts';

export interface SequenceOptions {
  type: string;
  start: string;
  increment: string;
  min: string;
  max: string;
  cache: string;
  cycle: boolean;
}

interface SequenceRow extends SequenceOptions {
  schema: string;
  name: string;
  ownedBy: string | null;
  ownerTable: string | null;
  /** The owner in SQL. */
  ownerName: string | null;
  ownerSchema: string | null;
  numbers: boolean | null;
}

/** Whether a sequence with this ownership (a row of pg_depend) is the one that gives the column its numbers. */
export function numbersColumn(sequence: string, ownership: string): string {
  return `(${ownership}.deptype = 'i' OR EXISTS (SELECT FROM pg_attrdef ad JOIN pg_depend takes ON takes.classid = 'pg_attrdef'::regclass
                  AND takes.objid = ad.oid AND takes.refclassid = 'pg_class'::regclass AND takes.refobjid = ${sequence}
                  WHERE ad.adrelid = ${ownership}.refobjid AND ad.adnum = ${ownership}.refobjsubid))`;
}

export const SEQUENCES: SnapshotPart<SequenceRow> = {
  sql: `SELECT n.nspname AS schema, c.relname AS name, format_type(s.seqtypid, NULL) AS type, s.seqstart::text AS start,
       s.seqincrement::text AS increment, s.seqmin::text AS min, s.seqmax::text AS max, s.seqcache::text AS cache,
       s.seqcycle AS cycle, owner."ownedBy", owner."ownerTable", owner."ownerSchema", owner."ownerName", owner.numbers
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN (SELECT d.objid, tc.relname AS "ownerTable", tn.nspname || '.' || tc.relname || '.' || a.attname AS "ownedBy",
                  tn.nspname AS "ownerSchema", format('%I.%I.%I', tn.nspname, tc.relname, a.attname) AS "ownerName", ${numbersColumn('d.objid', 'd')} AS numbers
                FROM pg_depend d JOIN pg_class tc ON tc.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = tc.relnamespace
                JOIN pg_attribute a ON a.attrelid = tc.oid AND a.attnum = d.refobjsubid
                WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')) owner
       ON owner.objid = c.oid
     WHERE n.nspname IN (:schemas) AND coalesce(owner."ownerTable", '') NOT IN (:own) AND ${notOfExtension('c.oid', 'pg_class')}
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
};

export function toSequence(row: SequenceRow): SequenceObject {
  const { schema, name, type, start, increment, ownedBy, ownerName, ownerSchema, ownerTable } = row;
  const attached = ownedBy !== null && row.numbers !== true;
  const options = [...extraOptions(row), ...(attached ? [`OWNED BY ${ownerName}`] : [])].join(' ');
  return {
    schema,
    name,
    type,
    start,
    increment,
    ...(options === '' ? {} : { options }),
    ...(ownedBy === null || attached ? {} : { ownedBy }),
    ...(attached ? { attachedTo: { schema: ownerSchema ?? '', name: ownerTable ?? '' } } : {}),
  };
}

/** An identity column's options in SQL, those that are not the default (CREATE SEQUENCE); undefined if all are. */
export function optionsOf(row: SequenceOptions): string | undefined {
  const { start, increment } = row;
  const options = [
    ...(start === defaultStart(row) ? [] : [`START WITH ${start}`]),
    ...(increment === '1' ? [] : [`INCREMENT BY ${increment}`]),
    ...extraOptions(row),
  ];
  return options.length === 0 ? undefined : options.join(' ');
}

function extraOptions(row: SequenceOptions): string[] {
  const { min, max } = limitsOf(row);
  return [
    ...(row.min === min ? [] : [`MINVALUE ${row.min}`]),
    ...(row.max === max ? [] : [`MAXVALUE ${row.max}`]),
    ...(row.cache === '1' ? [] : [`CACHE ${row.cache}`]),
    ...(row.cycle ? ['CYCLE'] : []),
  ];
}

const LARGEST: Record<string, bigint> = { smallint: 2n ** 15n, integer: 2n ** 31n, bigint: 2n ** 63n };

/** Ascending sequences go from 1 to the type's largest value, descending ones from -1 to its smallest. */
function limitsOf({ type, increment }: SequenceOptions): { min: string; max: string } {
  const size = LARGEST[type] ?? 2n ** 63n;
  return increment.startsWith('-') ? { min: String(-size), max: '-1' } : { min: '1', max: String(size - 1n) };
}

function defaultStart({ increment, min, max }: SequenceOptions): string {
  return increment.startsWith('-') ? max : min;
}
