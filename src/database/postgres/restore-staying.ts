/**
 * Objects that a restore in place does not touch, because this user could not create them again or may not drop them:
 * foreign tables of a server that it may not use, functions in an untrusted language or of an event trigger, objects of other roles in schemas of
 * other roles or of roles that may create nothing there any more, and what these depend on. They are compared with the backup like everything else, before the commit.
 */
import type { Client } from './driver.ts';
import type { Contents, DumpEntry } from './restore-contents.ts';

const OWN = `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.classid AND e.objid = o.objid AND e.objsubid = 0 AND e.deptype IN ('e', 'i'))`;

const OBJECTS = `(
    SELECT 'pg_class'::regclass AS classid, c.oid AS objid, relowner AS owner, relnamespace AS schema,
           relkind <> 'f' OR EXISTS (SELECT FROM pg_foreign_table f WHERE f.ftrelid = c.oid AND has_server_privilege(f.ftserver, 'USAGE')) AS may
      FROM pg_class c WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, proowner, pronamespace, NOT proleakproof AND has_language_privilege(prolang, 'USAGE')
           AND (prokind = 'a' OR EXISTS (SELECT FROM pg_language l WHERE l.oid = prolang AND lanpltrusted))
           AND NOT EXISTS (SELECT FROM pg_event_trigger t WHERE t.evtfoid = p.oid)
           AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid = p.oid AND 'internal'::regtype IN (aggtranstype, aggmtranstype)) FROM pg_proc p
    UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typnamespace, typtype NOT IN ('b', 'p') FROM pg_type t
     WHERE typtype <> 'm' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) AND (typrelid = 0 OR EXISTS (SELECT FROM pg_class WHERE oid = typrelid AND relkind = 'c'))
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, opcnamespace, false FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, opfnamespace, false FROM pg_opfamily
    UNION ALL SELECT 'pg_ts_parser'::regclass, oid, 10, prsnamespace, false FROM pg_ts_parser
    UNION ALL SELECT 'pg_ts_template'::regclass, oid, 10, tmplnamespace, false FROM pg_ts_template
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, dictnamespace, true FROM pg_ts_dict
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, cfgnamespace, true FROM pg_ts_config
    UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, collnamespace, true FROM pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, connamespace, true FROM pg_conversion
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, oprnamespace, true FROM pg_operator
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, stxnamespace, true FROM pg_statistic_ext
    UNION ALL SELECT 'pg_cast'::regclass, c.oid, NULL, NULL, castmethod <> 'b' AND (pg_has_role(s.typowner, 'USAGE') OR pg_has_role(t.typowner, 'USAGE'))
      FROM pg_cast c JOIN pg_type s ON s.oid = castsource JOIN pg_type t ON t.oid = casttarget)`;

/** `classid` and `objid` of each, and of their schemas; none for a superuser. For a search path of pg_catalog. */
export const STAYING = `(
  WITH RECURSIVE staying (classid, objid) AS (
    SELECT o.classid::oid, o.objid FROM ${OBJECTS} o LEFT JOIN pg_namespace n ON n.oid = o.schema
     WHERE o.objid >= 16384 AND n.nspname IS DISTINCT FROM 'information_schema' AND coalesce(n.nspname !~ '^pg_', true) AND ${OWN}
       AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       AND (NOT o.may OR NOT has_schema_privilege(n.oid, 'CREATE') OR NOT (o.owner IS NULL OR pg_has_role(o.owner, 'USAGE') OR pg_has_role(n.nspowner, 'USAGE'))
         OR (NOT has_schema_privilege(o.owner, n.oid, 'CREATE') AND NOT pg_has_role(n.nspowner, 'USAGE')))
    UNION
    SELECT next.classid, next.objid FROM staying s CROSS JOIN LATERAL (
      SELECT d.refclassid, d.refobjid FROM pg_depend d WHERE d.classid = s.classid AND d.objid = s.objid AND d.deptype <> 'e'
      UNION ALL SELECT d.classid, d.objid FROM pg_depend d WHERE d.refclassid = s.classid AND d.refobjid = s.objid AND d.deptype IN ('i', 'a')
    ) next (classid, objid)
  ) SELECT classid, objid FROM staying)`;

/** As pg_dump names them: `TABLE public orders`, `FUNCTION public f(integer, text)`. */
const NAMED = `
  WITH path AS MATERIALIZED (SELECT set_config('search_path', '', true)), staying AS MATERIALIZED ${STAYING},
  named AS (
    SELECT s.classid, s.objid, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS type, relnamespace AS schema, relname::text AS name
      FROM staying s JOIN pg_class c ON s.classid = 'pg_class'::regclass AND s.objid = c.oid WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT s.classid, s.objid, CASE prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, pronamespace,
           proname || '(' || CASE WHEN prokind = 'a' AND pronargs = 0 THEN '*' ELSE oidvectortypes(proargtypes) END || ')'
      FROM staying s JOIN pg_proc p ON s.classid = 'pg_proc'::regclass AND s.objid = p.oid
    UNION ALL SELECT s.classid, s.objid, CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, typnamespace, typname::text
      FROM staying s JOIN pg_type t ON s.classid = 'pg_type'::regclass AND s.objid = t.oid
    UNION ALL SELECT s.classid, s.objid, 'OPERATOR CLASS', opcnamespace, opcname::text FROM staying s JOIN pg_opclass o ON s.classid = 'pg_opclass'::regclass AND s.objid = o.oid
    UNION ALL SELECT s.classid, s.objid, 'OPERATOR FAMILY', opfnamespace, opfname::text FROM staying s JOIN pg_opfamily o ON s.classid = 'pg_opfamily'::regclass AND s.objid = o.oid
    UNION ALL SELECT s.classid, s.objid, 'TEXT SEARCH PARSER', prsnamespace, prsname::text FROM staying s JOIN pg_ts_parser p ON s.classid = 'pg_ts_parser'::regclass AND s.objid = p.oid
    UNION ALL SELECT s.classid, s.objid, 'TEXT SEARCH TEMPLATE', tmplnamespace, tmplname::text FROM staying s JOIN pg_ts_template t ON s.classid = 'pg_ts_template'::regclass AND s.objid = t.oid
    UNION ALL SELECT s.classid, s.objid, 'TEXT SEARCH DICTIONARY', dictnamespace, dictname::text FROM staying s JOIN pg_ts_dict t ON s.classid = 'pg_ts_dict'::regclass AND s.objid = t.oid
    UNION ALL SELECT s.classid, s.objid, 'TEXT SEARCH CONFIGURATION', cfgnamespace, cfgname::text FROM staying s JOIN pg_ts_config t ON s.classid = 'pg_ts_config'::regclass AND s.objid = t.oid
    UNION ALL SELECT s.classid, s.objid, 'COLLATION', collnamespace, collname::text FROM staying s JOIN pg_collation c ON s.classid = 'pg_collation'::regclass AND s.objid = c.oid
    UNION ALL SELECT s.classid, s.objid, 'CONVERSION', connamespace, conname::text FROM staying s JOIN pg_conversion c ON s.classid = 'pg_conversion'::regclass AND s.objid = c.oid
    UNION ALL SELECT s.classid, s.objid, 'OPERATOR', oprnamespace, oprname::text FROM staying s JOIN pg_operator o ON s.classid = 'pg_operator'::regclass AND s.objid = o.oid
    UNION ALL SELECT s.classid, s.objid, 'STATISTICS', stxnamespace, stxname::text FROM staying s JOIN pg_statistic_ext x ON s.classid = 'pg_statistic_ext'::regclass AND s.objid = x.oid
    UNION ALL SELECT s.classid, s.objid, 'CAST', NULL, format('CAST (%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL))
      FROM staying s JOIN pg_cast c ON s.classid = 'pg_cast'::regclass AND s.objid = c.oid
    UNION ALL SELECT s.classid, s.objid, 'SCHEMA', NULL, nspname::text FROM staying s JOIN pg_namespace n ON s.classid = 'pg_namespace'::regclass AND s.objid = n.oid)
  SELECT x.type, coalesce(n.nspname::text, '-') AS schema, x.name FROM path, named x LEFT JOIN pg_namespace n ON n.oid = x.schema`;

export interface StayingObject {
  type: string;
  schema: string;
  name: string;
}

export async function readStaying(client: Client): Promise<StayingObject[]> {
  return (await client.query<StayingObject>(NAMED)).rows;
}

/** Entries of a table, after whose name they are named; entries that have another name; entries of any object. */
const NAMED_AFTER = /^(CONSTRAINT|CHECK CONSTRAINT|DEFAULT|FK CONSTRAINT|POLICY|ROW SECURITY|RULE|TRIGGER)$/;
const OF_TABLES = /^(INDEX|INDEX ATTACH|SEQUENCE OWNED BY|STATISTICS|TABLE ATTACH)$/;
const OF_ANY = /^(ACL|COMMENT|SECURITY LABEL)$/;
/** In the list, which also has the entries of rows. */
const ROWS = ['TABLE DATA', 'SEQUENCE SET', 'MATERIALIZED VIEW DATA'];
const RELATION = /^(TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|INDEX)$/;

const keyOf = ({ type, schema, name }: StayingObject) => `${type === 'SHELL TYPE' ? 'TYPE' : type} ${schema} ${name}`;

/** Those of the objects that are in the dump. */
export function inDump(staying: readonly StayingObject[], { entries }: Contents): StayingObject[] {
  const keys = new Set(entries.map(keyOf));
  return staying.filter((one) => one.type !== 'SCHEMA' && keys.has(keyOf(one)));
}

/** The ids of the entries that belong to these objects. */
export function entriesOf(staying: readonly StayingObject[], { entries, list }: Contents): Set<string> {
  const names = new Set(staying.filter(({ type }) => type !== 'SCHEMA').map(keyOf));
  const found = new Set(entries.filter((entry) => names.has(keyOf(entry))).map(({ id }) => id));
  if (found.size === 0) return found;
  const tables = staying.filter(({ type }) => RELATION.test(type));
  const typeOf = new Map(entries.map(({ id, type }) => [id, type]));
  const isPart = ({ type, schema, name, dependencies }: DumpEntry) => {
    const of = dependencies.filter((id) => found.has(id));
    if (OF_ANY.test(type)) return of.length > 0;
    // An index of a table that is restored may need a function that is not.
    if (!of.some((id) => RELATION.test(typeOf.get(id) ?? ''))) return false;
    if (OF_TABLES.test(type)) return true;
    return (
      NAMED_AFTER.test(type) && tables.some((one) => one.schema === schema && `${name} `.startsWith(`${one.name} `))
    );
  };
  // One part may belong to another, as an index that was attached, so more than one round is needed.
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const entry of entries) if (isPart(entry)) found.add(entry.id);
  }
  const rows = tables.flatMap(({ schema, name }) => ROWS.map((type) => `${type} ${schema} ${name} `));
  for (const [, id = '', text = ''] of list.matchAll(/^(\d+); \d+ \d+ (.*)$/gm)) {
    if (rows.some((row) => text.startsWith(row))) found.add(id);
  }
  return found;
}
