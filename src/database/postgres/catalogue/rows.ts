import { type CatalogueEntry, type CatalogueOptions, type RunQuery, within } from './entry.ts';
import { FIRST_USER_OID, RELATIONS } from './sql.ts';

/** How many tables one query reads. */
const AT_ONCE = 20;

type Readable = [schema: string, identity: string, sql: string | null];

/**
 * Rows of every table that a dump holds, with a sum of hashes of their text; values of sequences; content of large
 * objects. `count:hash`, or null if this user may not read it.
 */
export async function readRows(run: RunQuery, options: CatalogueOptions): Promise<CatalogueEntry[]> {
  return [
    ...(await readAll(run, 'rows', tables(options), options)),
    ...(await readAll(run, 'rows', configuration(options), options)),
    ...(await readSequences(run, options)),
    ...(options.largeObjects ? await largeObjects(run) : []),
  ];
}

export function readSequences(run: RunQuery, options: CatalogueOptions): Promise<CatalogueEntry[]> {
  return readAll(run, 'sequence value', SEQUENCES, options);
}

async function readAll(
  run: RunQuery,
  kind: string,
  list: string,
  options: CatalogueOptions,
): Promise<CatalogueEntry[]> {
  const found = (await run(list)).map((line) => JSON.parse(line) as Readable);
  const wanted = found.filter(([schema]) => within(schema, options));
  const entry = (name: string, value: string | null): CatalogueEntry => ({
    class: kind,
    name,
    owner: null,
    privileges: null,
    value,
  });
  const entries = wanted.filter(([, , sql]) => sql === null).map(([, name]) => entry(name, null));
  const readable = wanted.flatMap(([, name, sql]) => (sql === null ? [] : [{ name, sql }]));
  // To plan a query, PostgreSQL reads the functions of index expressions, which may name tables without a schema.
  if (readable.length > 0) await run(EVERY_SCHEMA);
  for (let from = 0; from < readable.length; from += AT_ONCE) {
    const part = readable.slice(from, from + AT_ONCE);
    const lines = await run(part.map(({ sql }, at) => `SELECT '${at}:' || (${sql})`).join(' UNION ALL '));
    for (const line of lines) {
      const colon = line.indexOf(':');
      entries.push(entry(part[Number(line.slice(0, colon))]?.name ?? '', line.slice(colon + 1)));
    }
  }
  if (readable.length > 0) await run("SELECT set_config('search_path', '', true)");
  return entries;
}

/**
 * In a fixed order, so that names in rows (of type regclass, for example) are equal in the backup and in the restored
 * database.
 */
const EVERY_SCHEMA = `SELECT set_config('search_path', (SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname)
    FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'), true)`;

async function largeObjects(run: RunQuery): Promise<CatalogueEntry[]> {
  const [value = ''] = await run(
    `SELECT CASE WHEN coalesce((SELECT bool_and(pg_has_role(lomowner, 'USAGE')) FROM pg_largeobject_metadata), true)
       THEN (SELECT count(*) || ':' || coalesce(sum(hashtextextended(md5(lo_get(oid)), oid::bigint)), 0) FROM pg_largeobject_metadata) ELSE '' END`,
  );
  const name = 'large objects';
  return [{ class: 'rows', name, owner: null, privileges: null, value: value === '' ? null : value }];
}

const READABLE = `has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)`;

/** Of keys that are an enum, or may contain one. */
const HASH_MOVES = `t.partstrat = 'h' AND EXISTS (SELECT FROM pg_opclass o JOIN pg_opfamily f ON f.oid = o.opcfamily
    WHERE o.oid = ANY (t.partclass::oid[]) AND f.opfname IN ('enum_ops', 'array_ops', 'record_ops', 'range_ops', 'multirange_ops'))`;

/** Whether rows may belong to other partitions after a restore. */
export const ANY_HASH_MOVES = `SELECT EXISTS (SELECT FROM pg_partitioned_table t WHERE ${HASH_MOVES})::text`;

/**
 * Tables that are partitioned by the hash of an enum. The hash depends on the identifier of a label, which is new after a
 * restore, so rows move to other partitions. Such a table is compared as a whole, unless a part of it is elsewhere.
 */
const HASHED_ENUMS = `SELECT t.partrelid FROM pg_partitioned_table t WHERE ${HASH_MOVES}
  AND NOT EXISTS (SELECT FROM pg_partition_tree(t.partrelid) x JOIN pg_class f ON f.oid = x.relid WHERE f.relkind = 'f')`;
const WHOLE = `CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY' END`;

/** Columns that are computed are not in a dump. */
const count = (condition: string, { counts = false }: CatalogueOptions) =>
  counts
    ? `format('SELECT count(*) || '':'' FROM %s %s%s', ${WHOLE}, c.oid::regclass, ${condition})`
    : `
  format('SELECT count(*) || '':'' || coalesce(sum(hashtextextended(ROW(%s)::text, 0)), 0) FROM %s %s%s',
    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
    ${WHOLE}, c.oid::regclass, ${condition})`;

const tables = (
  options: CatalogueOptions,
) => `SELECT jsonb_build_array(c.nspname, c.oid::regclass::text, CASE WHEN ${READABLE} THEN ${count("''", options)} END)::text
  FROM ${RELATIONS} c WHERE c.relkind IN ('r', 'p') AND (c.relkind = 'r' OR c.oid IN (${HASHED_ENUMS}))
    AND NOT EXISTS (SELECT FROM pg_partition_ancestors(c.oid) a WHERE a.relid <> c.oid AND a.relid IN (${HASHED_ENUMS}))`;

/** Rows that users added to the tables of extensions (PostgreSQL manual, 38.17.3). */
const configuration = (
  options: CatalogueOptions,
) => `SELECT jsonb_build_array(n.nspname, c.oid::regclass::text, CASE WHEN ${READABLE} THEN ${count("' ' || x.condition", options)} END)::text
  FROM (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition FROM pg_extension) x
  JOIN pg_class c ON c.oid = x.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'`;

const SEQUENCES = `SELECT jsonb_build_array(c.nspname, c.oid::regclass::text,
    CASE WHEN has_sequence_privilege(c.oid, 'SELECT') THEN format('SELECT last_value || '':'' || is_called FROM %s', c.oid::regclass) END)::text
  FROM ${RELATIONS} c WHERE c.relkind = 'S' AND c.oid >= ${FIRST_USER_OID}`;
