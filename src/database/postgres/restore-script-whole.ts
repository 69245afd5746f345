import { member } from './catalogue/sql.ts';
import { LOCK_WAIT, literal, withPlpgsql } from './restore-script.ts';
import { STAYING } from './restore-staying.ts';

/**
 * Runs before a complete backup's own SQL if the database itself is kept: it removes all objects that this
 * user may drop. A schema that contains an extension, or has another owner, is kept and emptied; so is `public`. The
 * remaining objects are compared with the backup like everything else, before the commit.
 */
export function beginWholeScript({
  largeObjects,
  extensions,
  clientMajor,
}: {
  largeObjects: boolean;
  extensions: string[];
  clientMajor: number;
}): string {
  const publicMay = clientMajor < 15 ? 'USAGE, CREATE' : 'USAGE';
  const empty = `DO $db_manager$
DECLARE
  found record;
  kind text;
  named text;
  who text;
  staying text[];
BEGIN
  staying := ARRAY(SELECT classid || ':' || objid FROM ${STAYING} s);
  FOR found IN SELECT evtname FROM pg_event_trigger e WHERE pg_has_role(evtowner, 'USAGE') AND NOT ${member('pg_event_trigger', 'e.oid')} LOOP
    EXECUTE format('DROP EVENT TRIGGER %I', found.evtname);
  END LOOP;
  FOR found IN SELECT pubname FROM pg_publication p WHERE ${MAY_REPLACE_PUBLICATION} LOOP
    EXECUTE format('DROP PUBLICATION %I', found.pubname);
  END LOOP;
  FOR found IN ${DEFAULT_PRIVILEGES} LOOP
    FOR who IN SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END FROM aclexplode(found.defaclacl) g LOOP
      EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s REVOKE ALL ON %s FROM %s', found.granter, found.place, found.kind, who);
    END LOOP;
    IF found.place = '' THEN
      EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT ALL ON %s TO %I', found.granter, found.kind, found.granter);
      IF found.kind IN ('FUNCTIONS', 'TYPES') THEN
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT ALL ON %s TO PUBLIC', found.granter, found.kind);
      END IF;
    END IF;
  END LOOP;
  FOR found IN ${WITHOUT_SCHEMA} LOOP
    CONTINUE WHEN found.classid::oid || ':' || found.objid = ANY (staying);
    SELECT o.type, o.identity INTO kind, named FROM pg_identify_object(found.classid, found.objid, 0) o;
    CONTINUE WHEN kind IS NULL OR named IS NULL;
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE kind WHEN 'foreign-data wrapper' THEN 'foreign data wrapper' ELSE kind END,
      CASE kind WHEN 'transform' THEN 'FOR ' || replace(replace(named, 'for ', ''), ' on language ', ' LANGUAGE ') ELSE named END);
  END LOOP;
  FOR found IN SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' AND extname <> ALL (ARRAY[${extensions.map(literal).join(', ')}]::name[]) AND pg_has_role(extowner, 'USAGE') LOOP
    EXECUTE format('DROP EXTENSION IF EXISTS %I CASCADE', found.extname);
  END LOOP;
  FOR found IN SELECT nspname FROM pg_namespace n WHERE ${SCHEMAS} AND NOT ${STAYS} AND NOT 'pg_namespace'::regclass::oid || ':' || n.oid = ANY (staying) LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', found.nspname);
  END LOOP;
  FOR found IN ${INSIDE} LOOP
    CONTINUE WHEN found.classid::oid || ':' || found.objid = ANY (staying);
    SELECT o.type, o.identity INTO kind, named FROM pg_identify_object(found.classid, found.objid, 0) o;
    CONTINUE WHEN kind IS NULL OR named IS NULL;
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE kind WHEN 'statistics object' THEN 'statistics' ELSE kind END,
      CASE kind WHEN 'aggregate' THEN replace(named, '()', '(*)') ELSE named END);
  END LOOP;
  FOR found IN SELECT nspname, nspowner, nspacl, oid FROM pg_namespace n WHERE ${SCHEMAS} AND nspacl IS NOT NULL AND pg_has_role(nspowner, 'USAGE') LOOP
    FOR who IN SELECT DISTINCT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END
        FROM aclexplode(found.nspacl) g WHERE g.grantee <> found.nspowner LOOP
      EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %s CASCADE', found.nspname, who);
    END LOOP;
    -- pg_dump assumes that it has this.
    IF found.nspname = 'public' THEN
      GRANT ${publicMay} ON SCHEMA public TO PUBLIC;
    END IF;
  END LOOP;
  -- Rows that users added to the tables of extensions; one table may refer to another.
  FOR pass IN 1..3 LOOP
    FOR found IN SELECT c.oid::regclass AS name, x.condition FROM (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition FROM pg_extension) x
        JOIN pg_class c ON c.oid = x.oid WHERE c.relkind = 'r' AND has_table_privilege(c.oid, 'DELETE') LOOP
      BEGIN
        EXECUTE format('DELETE FROM ONLY %s %s', found.name, found.condition);
      EXCEPTION WHEN foreign_key_violation THEN NULL;
      END;
    END LOOP;
  END LOOP;
END
$db_manager$;
`;
  return `BEGIN;
SET LOCAL lock_timeout = '${LOCK_WAIT}';
SET LOCAL statement_timeout = 0;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = '';
${withPlpgsql(empty, { wanted: extensions.includes('plpgsql') })}${largeObjects ? "SELECT count(lo_unlink(oid)) FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'USAGE');\n" : ''}`;
}

/** Only a superuser may create a publication of all tables or of a schema again. The dependency is that on a schema, which version 15 added. */
export const MAY_REPLACE_PUBLICATION = `(pg_has_role(p.pubowner, 'USAGE') AND ((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  OR NOT (p.puballtables OR EXISTS (SELECT FROM pg_depend d WHERE d.classid::regclass::text ~ 'pg_publication_namespace$' AND d.refclassid = 'pg_publication'::regclass AND d.refobjid = p.oid))))`;

const SCHEMAS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** A schema that is not dropped, of an alias `n`: the selection of the dump's entries asks the same. */
export const STAYS = `(n.nspname = 'public' OR NOT pg_has_role(n.nspowner, 'USAGE') OR ${member('pg_namespace', 'n.oid')}
  OR EXISTS (SELECT FROM pg_extension x WHERE x.extnamespace = n.oid)
  OR EXISTS (SELECT FROM pg_depend a JOIN pg_depend b ON a.classid = b.classid AND a.objid = b.objid
              WHERE a.refclassid = 'pg_namespace'::regclass AND a.refobjid = n.oid AND b.deptype = 'e'))`;

const INSIDE = `
    SELECT d.classid, d.objid FROM pg_depend d JOIN pg_namespace n ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
     WHERE ${SCHEMAS} AND d.deptype = 'n' AND d.classid NOT IN ('pg_extension'::regclass, 'pg_default_acl'::regclass)
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = 0 AND e.deptype IN ('e', 'i'))`;

const WITHOUT_SCHEMA = `
    SELECT 'pg_cast'::regclass AS classid, c.oid AS objid FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget
     WHERE c.oid >= 16384 AND NOT ${member('pg_cast', 'c.oid')} AND (pg_has_role(s.typowner, 'USAGE') OR pg_has_role(t.typowner, 'USAGE'))
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
    UNION ALL SELECT 'pg_transform'::regclass, t.oid FROM pg_transform t JOIN pg_type y ON y.oid = t.trftype
     WHERE NOT ${member('pg_transform', 't.oid')} AND pg_has_role(y.typowner, 'USAGE')
    UNION ALL SELECT 'pg_foreign_server'::regclass, s.oid FROM pg_foreign_server s WHERE NOT ${member('pg_foreign_server', 's.oid')} AND pg_has_role(s.srvowner, 'USAGE')
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, f.oid FROM pg_foreign_data_wrapper f WHERE NOT ${member('pg_foreign_data_wrapper', 'f.oid')} AND pg_has_role(f.fdwowner, 'USAGE')
    UNION ALL SELECT 'pg_language'::regclass, l.oid FROM pg_language l WHERE l.oid >= 16384 AND NOT ${member('pg_language', 'l.oid')} AND pg_has_role(l.lanowner, 'USAGE')`;

const DEFAULT_PRIVILEGES = `
    SELECT d.defaclacl, pg_get_userbyid(d.defaclrole) AS granter, CASE WHEN n.nspname IS NULL THEN '' ELSE format('IN SCHEMA %I', n.nspname) END AS place,
           CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
             WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS kind
      FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace WHERE pg_has_role(d.defaclrole, 'MEMBER')`;
