/**
 * The digest of a database: every object of every class (PostgreSQL manual, chapter 53) with its owner, privileges and
 * definition, the database's own properties, and the rows of every table. A backup takes it in the dump's snapshot; a
 * restore compares it with the result. It contains hashes of definitions and no text of them.
 */
import { databaseEntry } from './database.ts';
import { DATABASE_CLASSES } from './database-wide.ts';
import { type CatalogueEntry, type CatalogueOptions, hashOf, type Privilege, type RunQuery, within } from './entry.ts';
import { PROGRAM_CLASSES } from './programs.ts';
import { RELATION_CLASSES } from './relations.ts';
import { readRows } from './rows.ts';
import type { ObjectClass } from './sql.ts';
import { SYSTEM_CLASSES } from './system.ts';

export type { CatalogueEntry, CatalogueOptions, Privilege, RunQuery } from './entry.ts';

/** What makes the texts of one database comparable with those of another, for the session or the transaction. */
export const COMPARABLE = [
  "search_path = ''",
  'row_security = off',
  "datestyle = 'ISO, YMD'",
  "intervalstyle = 'postgres'",
  "timezone = 'UTC'",
  "bytea_output = 'hex'",
  'extra_float_digits = 1',
  "lc_monetary = 'C'",
  'statement_timeout = 0',
  'standard_conforming_strings = on',
  'quote_all_identifiers = off',
];

const CLASSES: ObjectClass[] = [...DATABASE_CLASSES, ...SYSTEM_CLASSES, ...PROGRAM_CLASSES, ...RELATION_CLASSES];

/** The objects alone, without rows and the properties of the database. */
export async function readObjects(run: RunQuery, options: CatalogueOptions): Promise<CatalogueEntry[]> {
  const entries: CatalogueEntry[] = [];
  for (const kind of CLASSES)
    if (kind.name !== 'large object' || options.largeObjects) entries.push(...(await readClass(run, kind, options)));
  return entries;
}

export async function readEntries(run: RunQuery, options: CatalogueOptions): Promise<CatalogueEntry[]> {
  const entries: CatalogueEntry[] = options.schemas === undefined ? [await databaseEntry(run)] : [];
  entries.push(...(await readObjects(run, options)));
  entries.push(...(await readRows(run, options)));
  return entries.sort((a, b) => compareText(a.class, b.class) || compareText(a.name, b.name));
}

/** Of PostgreSQL's own objects and members of extensions. */
export async function readSystemEntries(run: RunQuery, options: CatalogueOptions): Promise<CatalogueEntry[]> {
  const entries: CatalogueEntry[] = [];
  for (const kind of SYSTEM_CLASSES) entries.push(...(await readClass(run, kind, options)));
  return entries;
}

async function readClass(run: RunQuery, kind: ObjectClass, options: CatalogueOptions): Promise<CatalogueEntry[]> {
  const lines = await run(
    `SELECT jsonb_build_array(i.type || ' ' || i.identity, q.schema,
       CASE WHEN q.owner IS NOT NULL THEN pg_get_userbyid(q.owner) END, q.acl, q.def)::text
     FROM (${kind.query(options)}) q, LATERAL pg_identify_object(q.classid, q.objid, q.subid) i`,
  );
  return lines.flatMap((line) => {
    const [name, schema, owner, privileges, definition] = JSON.parse(line) as [
      string,
      string | null,
      string | null,
      Privilege[] | null,
      unknown,
    ];
    if (!within(schema, options)) return [];
    const text = JSON.stringify(definition);
    return [{ class: kind.name, name, owner, privileges, value: hashOf(kind.hasExpressions ? plain(text) : text) }];
  });
}

/** PostgreSQL reads its own `(ARRAY['a'::varchar])::text[]` back as `ARRAY[('a'::varchar)::text]`. */
function plain(text: string): string {
  return text.replace(/::(?:character varying|text|bpchar)(?:\(\d+\))?(?:\[\])?|[()]|\s+|\\n/g, '');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
