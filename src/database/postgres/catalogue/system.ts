/**
 * Changes to PostgreSQL's own objects and to members of extensions. pg_dump writes only some of their privileges, and
 * neither their comments nor their owners. Also the properties that pg_dump writes incorrectly.
 */
import type { RunQuery } from './entry.ts';
import { acl, FIRST_USER_OID, type ObjectClass } from './sql.ts';

/** Of an object `o` with `classid` and `oid`: no user made it. */
const MEMBER = `EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.classid AND e.objid = o.oid AND e.deptype = 'e')`;

const OWNED = `(SELECT 'pg_class'::regclass AS classid, oid, relowner AS owner FROM pg_class WHERE relkind NOT IN ('i', 'I', 't')
  UNION ALL SELECT 'pg_proc'::regclass, oid, proowner FROM pg_proc
  UNION ALL SELECT 'pg_type'::regclass, oid, typowner FROM pg_type WHERE typrelid = 0 AND typtype <> 'm' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = pg_type.oid)
  UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema'
  UNION ALL SELECT 'pg_language'::regclass, oid, lanowner FROM pg_language
  UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner FROM pg_foreign_data_wrapper)`;

const GRANTED = `(SELECT 'pg_class'::regclass AS classid, oid, 0 AS subid, relacl AS acl, relowner AS owner FROM pg_class
  UNION ALL SELECT 'pg_class'::regclass, c.oid, a.attnum::int, a.attacl, c.relowner FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL
  UNION ALL SELECT 'pg_proc'::regclass, oid, 0, proacl, proowner FROM pg_proc
  UNION ALL SELECT 'pg_type'::regclass, oid, 0, typacl, typowner FROM pg_type
  UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspacl, nspowner FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema'
  UNION ALL SELECT 'pg_language'::regclass, oid, 0, lanacl, lanowner FROM pg_language
  UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, fdwacl, fdwowner FROM pg_foreign_data_wrapper)`;

/** Members of an extension belong to who created it or, if it is trusted, to the first superuser. */
const CHANGED_OWNERS = `SELECT o.classid, o.oid, o.owner FROM ${OWNED} o
  WHERE (o.oid < ${FIRST_USER_OID} AND o.owner <> 10 AND NOT (o.classid = 'pg_language'::regclass AND ${MEMBER}))
     OR EXISTS (SELECT FROM pg_depend e JOIN pg_extension x ON x.oid = e.refobjid WHERE e.classid = o.classid AND e.objid = o.oid
                 AND e.deptype = 'e' AND o.owner NOT IN (10, x.extowner))`;

const CHANGED_GRANTS = `SELECT o.* FROM ${GRANTED} o
  LEFT JOIN pg_init_privs i ON i.classoid = o.classid AND i.objoid = o.oid AND i.objsubid = o.subid
  WHERE o.acl IS NOT NULL AND o.acl IS DISTINCT FROM i.initprivs AND (o.oid < ${FIRST_USER_OID} OR ${MEMBER})`;

/** With the extension that has it as a member. The number of a large object is chosen by users. */
const COMMENTED = `SELECT d.*, d.xmin::text AS written, e.refobjid AS extension FROM pg_description d
  LEFT JOIN pg_depend e ON e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e' AND e.refclassid = 'pg_extension'::regclass
  WHERE (d.objoid < ${FIRST_USER_OID} AND d.classoid <> 'pg_largeobject'::regclass) OR e.refobjid IS NOT NULL`;

/** Collations come from the machine; comments on schemas, languages and extensions are compared one by one. */
const COMPARED = `classoid NOT IN ('pg_collation'::regclass, 'pg_namespace'::regclass, 'pg_language'::regclass, 'pg_extension'::regclass)`;

/** Classes of the digest that a user without the privileges of a superuser cannot change. */
export const SYSTEM_CLASSES: ObjectClass[] = [
  {
    name: 'privileges on a system object',
    query: () => `
      SELECT o.classid, o.oid AS objid, o.subid, NULL::name AS schema, NULL::oid AS owner,
        ${acl('o.acl', `'r'::"char"`, 'o.owner')} AS acl, '{}'::jsonb AS def FROM (${CHANGED_GRANTS}) o`,
  },
  {
    name: 'owner of a system object',
    query: () => `
      SELECT o.classid, o.oid AS objid, 0 AS subid, NULL::name AS schema, o.owner, NULL::jsonb AS acl, '{}'::jsonb AS def FROM (${CHANGED_OWNERS}) o`,
  },
  {
    name: 'comments on system objects',
    // PostgreSQL's own identifiers below 10000 are fixed; the others depend on the release.
    query: () => `
      SELECT 'pg_namespace'::regclass AS classid, 'pg_catalog'::regnamespace::oid AS objid, 0 AS subid, NULL::name AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        to_jsonb(md5(string_agg(text, ',' ORDER BY text COLLATE "C"))) AS def
      FROM (SELECT concat_ws(':', classoid::regclass, CASE WHEN objoid < 10000 THEN objoid::text
                     ELSE (SELECT identity FROM pg_identify_object(classoid, objoid, objsubid)) END, objsubid, md5(description)) AS text
            FROM (${COMMENTED}) d WHERE ${COMPARED}) l`,
  },
  {
    name: 'comment on a system object',
    query: () => `
      SELECT d.classoid AS classid, d.objoid AS objid, 0 AS subid, NULL::name AS schema, NULL::oid AS owner, NULL::jsonb AS acl, to_jsonb(d.description) AS def
      FROM pg_description d WHERE d.classoid IN ('pg_extension'::regclass, 'pg_language'::regclass)
        OR (d.classoid = 'pg_namespace'::regclass AND d.objoid IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema'))`,
  },
];

/** The schema `public` with another name: pg_dump leaves out the privileges that it had from the beginning. */
const RENAMED = `oid < ${FIRST_USER_OID} AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')`;

/**
 * Columns without a default whose ancestors have or had one. pg_dump up to version 18 removes a default from the child of
 * a table that has it, and not from the grandchild, which got it when it was created.
 */
const WITHOUT_DEFAULT = `SELECT DISTINCT a.attrelid, a.attname FROM (
    WITH RECURSIVE ancestors (child, parent) AS (
      SELECT inhrelid, inhparent FROM pg_inherits UNION SELECT child, i.inhparent FROM ancestors JOIN pg_inherits i ON i.inhrelid = parent)
    SELECT child, parent FROM ancestors) x
  JOIN pg_attribute p ON p.attrelid = x.parent AND p.attnum > 0 AND p.atthasdef AND p.attgenerated = ''
  JOIN pg_attribute a ON a.attrelid = x.child AND a.attname = p.attname AND NOT a.attisdropped AND NOT a.atthasdef
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  WHERE a.attidentity = '' AND a.attgenerated = ''`;

/** Validated in a child table, but not in its parent: a dump has the parent's alone. */
const VALIDATED = `SELECT DISTINCT k.conrelid, k.conname FROM pg_constraint k
  JOIN pg_inherits i ON i.inhrelid = k.conrelid
  JOIN pg_constraint p ON p.conrelid = i.inhparent AND p.conname = k.conname AND p.contype = k.contype AND NOT p.convalidated
  WHERE k.contype = 'c' AND k.convalidated AND NOT k.conislocal`;

const MANY = 20;
const named = (classid: string, oid: string, subid = '0') =>
  `LATERAL (SELECT CASE type WHEN 'table column' THEN 'column' WHEN 'foreign-data wrapper' THEN 'foreign data wrapper' ELSE type END AS type, identity FROM pg_identify_object(${classid}, ${oid}, ${subid})) i`;

/**
 * SQL that gives a new database these comments, owners and privileges: those that pg_dump leaves out. Some statements
 * may set a value that is already the default: rows that initdb or a large extension wrote share their transaction with
 * many others.
 */
export async function readSystemStatements(run: RunQuery): Promise<string[]> {
  const lines = await run(`
    WITH commented AS (${COMMENTED}), usual AS (SELECT xmin::text AS written FROM pg_description GROUP BY 1 HAVING count(*) > ${MANY})
    SELECT to_jsonb(format('COMMENT ON %s %s IS %L', i.type, i.identity, c.description))::text
      FROM commented c, ${named('c.classoid', 'c.objoid', 'c.objsubid')}
     WHERE i.identity IS NOT NULL AND ${COMPARED} AND NOT (c.classoid = 'pg_proc'::regclass AND c.description LIKE 'implementation of %')
       AND NOT (c.classoid IN ('pg_ts_dict'::regclass, 'pg_ts_config'::regclass) AND c.description ~ '^(snowball stemmer|configuration) for ')
       AND c.written NOT IN (SELECT written FROM usual)
    UNION ALL SELECT to_jsonb(format('COMMENT ON %s %s IS %L', i.type, i.identity, obj_description(o.oid, o.catalogue)))::text
      FROM (SELECT 'pg_extension' AS catalogue, oid FROM pg_extension UNION ALL SELECT 'pg_language', oid FROM pg_language WHERE oid < ${FIRST_USER_OID}
            UNION ALL SELECT 'pg_namespace', oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema')) o,
           ${named('o.catalogue::regclass', 'o.oid')}
    UNION ALL SELECT to_jsonb(format('ALTER TABLE ONLY %s ALTER COLUMN %I DROP DEFAULT', i.identity, o.attname))::text
      FROM (${WITHOUT_DEFAULT}) o, ${named("'pg_class'::regclass", 'o.attrelid')}
    UNION ALL SELECT to_jsonb(format('ALTER TABLE %s VALIDATE CONSTRAINT %I', i.identity, o.conname))::text
      FROM (${VALIDATED}) o, ${named("'pg_class'::regclass", 'o.conrelid')}
    UNION ALL SELECT to_jsonb(format('ALTER %s %s OWNER TO %I', i.type, i.identity, pg_get_userbyid(o.owner)))::text
      FROM (${CHANGED_OWNERS}) o, ${named('o.classid', 'o.oid')}
    UNION ALL SELECT to_jsonb(format('%s ON %s %s %s', p.verb, CASE i.type WHEN 'view' THEN 'table' ELSE i.type END, i.identity, p.whom))::text
      FROM (SELECT classid, oid, subid, acl, owner FROM (${CHANGED_GRANTS}) c
            UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspacl, nspowner FROM pg_namespace WHERE ${RENAMED}) o,
        ${named('o.classid', 'o.oid')}, LATERAL (
        SELECT 0 AS step, 'REVOKE ALL' AS verb, 'FROM PUBLIC' AS whom
        UNION ALL SELECT 1, 'GRANT ' || a.privilege_type, 'TO ' || CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
                         || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
          FROM aclexplode(o.acl) a WHERE a.grantor = o.owner AND a.grantee <> o.owner) p
      WHERE o.subid = 0 AND (
           (o.classid = 'pg_language'::regclass AND o.oid < ${FIRST_USER_OID} AND NOT ${MEMBER})
        OR (o.classid = 'pg_namespace'::regclass AND o.oid IN (SELECT oid FROM pg_namespace WHERE nspname = 'information_schema' OR ${RENAMED}))
        OR (o.classid = 'pg_class'::regclass AND o.oid IN (SELECT oid FROM pg_class WHERE relnamespace = 'information_schema'::regnamespace)))`);
  return lines.map((line) => JSON.parse(line) as string);
}
