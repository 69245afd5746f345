/** How long a restore waits for a lock on a table that others still use. */
export const LOCK_WAIT = '15s';

/**
 * What runs before the dump's own SQL, in the same transaction: it empties the schemas, object by object, so that the
 * schemas with their owner and grants and the extensions in them are kept. CASCADE also reaches objects of other schemas (a
 * view, a foreign key, a column's default) which no backup of these schemas could bring back: then nothing is dropped.
 */
export function beginScript(schemas: readonly string[], largeObjects: readonly [from: string, to: string][]): string {
  const names = `ARRAY[${schemas.map(literal).join(', ')}]::name[]`;
  const ranges = largeObjects.map(([from, to]) => `oid BETWEEN ${from} AND ${to}`).join(' OR ');
  const empty = `DO $db_manager$
DECLARE
  wanted CONSTANT name[] := ${names};
  outside text[];
  lost text[];
  found record;
  kind text;
  named text;
BEGIN
  -- Default privileges would grant on objects that are created; the dump brings its own.
  FOR found IN ${DEFAULT_GRANTS} LOOP
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I REVOKE ALL ON %s FROM %s',
      found.granter, found.nspname, found.kind, found.grantee);
  END LOOP;
  outside := ARRAY(${OUTSIDE});
  FOR found IN ${INSIDE} LOOP
    SELECT o.type, o.identity INTO kind, named FROM pg_identify_object(found.classid, found.objid, 0) o;
    CONTINUE WHEN kind IS NULL OR named IS NULL;
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE kind WHEN 'statistics object' THEN 'statistics' ELSE kind END,
      CASE kind WHEN 'aggregate' THEN replace(named, '()', '(*)') ELSE named END);
  END LOOP;
  lost := ARRAY(SELECT unnest(outside) EXCEPT (${OUTSIDE}));
  IF cardinality(lost) > 0 THEN
    RAISE EXCEPTION 'outside of schema % these would be lost: %', array_to_string(wanted, ', '), array_to_string(lost[1:10], '; ')
      USING HINT = 'Drop them first and create them again afterwards.';
  END IF;
END
$db_manager$;
`;
  return `BEGIN;
SET LOCAL lock_timeout = '${LOCK_WAIT}';
SET LOCAL statement_timeout = 0;
SET LOCAL client_min_messages = warning;
${withPlpgsql(empty, { wanted: true })}${ranges === '' ? '' : `SELECT count(pg_catalog.lo_unlink(oid)) FROM pg_catalog.pg_largeobject_metadata WHERE ${ranges};\n`}`;
}

/** What an object of the schema itself is: no member of an extension, no part of another object (a row type, an identity's sequence). */
const INSIDE = `
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_namespace n ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
     WHERE n.nspname = ANY (wanted) AND d.deptype = 'n' AND d.classid <> 'pg_catalog.pg_extension'::regclass
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = 0 AND e.deptype IN ('e', 'i'))
  `;

const DEFAULT_GRANTS = `
    SELECT DISTINCT pg_catalog.pg_get_userbyid(a.defaclrole) AS granter, n.nspname,
           CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END AS kind,
           CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END AS grantee
      FROM pg_catalog.pg_default_acl a
      JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace
     CROSS JOIN LATERAL pg_catalog.aclexplode(a.defaclacl) g
     WHERE n.nspname = ANY (wanted) AND a.defaclobjtype IN ('r', 'S', 'f', 'T')
       AND pg_catalog.pg_has_role(a.defaclrole, 'MEMBER')
  `;

/** For psql: PL/pgSQL exists while the script runs, whose blocks are in it. `unless`: nothing needs it afterwards. */
export function withPlpgsql(script: string, unless: { wanted: boolean }): string {
  return `SELECT count(*) = 0 AS db_manager_missing FROM pg_catalog.pg_extension WHERE extname = 'plpgsql' \\gset
\\if :db_manager_missing
CREATE EXTENSION plpgsql;
\\endif
${script}${DROPPED.replace('WANTED', String(unless.wanted))}`;
}

const DROPPED = `SELECT :'db_manager_missing' OR (NOT WANTED AND pg_catalog.pg_has_role(extowner, 'USAGE')) AS db_manager_drop
  FROM pg_catalog.pg_extension WHERE extname = 'plpgsql' \\gset
\\if :db_manager_drop
DROP EXTENSION plpgsql CASCADE;
\\endif
`;

/** Everything that a CASCADE could reach beyond the schemas, described for a person. Each object's text is unique. */
const OUTSIDE = `
    WITH elsewhere AS (
      SELECT oid FROM pg_catalog.pg_namespace
       WHERE nspname <> ALL (wanted) AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
    ), relations AS (
      SELECT oid FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM elsewhere)
    )
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, oid, 0) FROM relations
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, attrelid, attnum) FROM pg_catalog.pg_attribute
      WHERE attrelid IN (SELECT oid FROM relations) AND attnum > 0 AND NOT attisdropped
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_attrdef'::regclass, oid, 0) FROM pg_catalog.pg_attrdef
      WHERE adrelid IN (SELECT oid FROM relations)
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::regclass, oid, 0) FROM pg_catalog.pg_constraint
      WHERE connamespace IN (SELECT oid FROM elsewhere)
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_trigger'::regclass, oid, 0) FROM pg_catalog.pg_trigger
      WHERE tgrelid IN (SELECT oid FROM relations) AND NOT tgisinternal
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_policy'::regclass, oid, 0) FROM pg_catalog.pg_policy
      WHERE polrelid IN (SELECT oid FROM relations)
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_proc'::regclass, oid, 0) FROM pg_catalog.pg_proc
      WHERE pronamespace IN (SELECT oid FROM elsewhere)
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_type'::regclass, oid, 0) FROM pg_catalog.pg_type
      WHERE typnamespace IN (SELECT oid FROM elsewhere)
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_publication_rel'::regclass, oid, 0) FROM pg_catalog.pg_publication_rel
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_event_trigger'::regclass, oid, 0) FROM pg_catalog.pg_event_trigger
    UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_extension'::regclass, oid, 0) FROM pg_catalog.pg_extension
  `;

/** A string as SQL text, independent of standard_conforming_strings. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
