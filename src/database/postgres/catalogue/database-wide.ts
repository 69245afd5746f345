import { acl, FIRST_USER_OID, identity, type ObjectClass, ofUser, own, sorted } from './sql.ts';

const head = (catalogue: string, oid: string, owner = 'NULL::oid', aclSql = 'NULL::jsonb') =>
  `SELECT '${catalogue}'::regclass AS classid, ${oid} AS objid, 0 AS subid, NULL::name AS schema, ${owner} AS owner, ${aclSql} AS acl`;

/** A schema that initdb made may have got another name. */
const USER_SCHEMAS = `SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`;

/** Schemas, and objects outside schemas. */
export const DATABASE_CLASSES: ObjectClass[] = [
  {
    name: 'schema',
    query: () => `
      SELECT 'pg_namespace'::regclass AS classid, n.oid AS objid, 0 AS subid, n.nspname AS schema, n.nspowner AS owner,
        ${acl('n.nspacl', `'n'::"char"`, 'n.nspowner')} AS acl, '{}'::jsonb AS def
      FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND ${own('pg_namespace', 'n.oid')}`,
  },
  {
    name: 'cast',
    query: () => `
      ${head('pg_cast', 'c.oid')}, jsonb_build_object('function', ${identity('pg_proc', 'c.castfunc')}, 'context', c.castcontext, 'method', c.castmethod) AS def
      FROM pg_cast c WHERE ${ofUser('pg_cast', 'c')}
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')`,
  },
  {
    name: 'transform',
    query: () => `
      ${head('pg_transform', 't.oid')}, jsonb_build_array(${identity('pg_proc', 't.trffromsql::oid')}, ${identity('pg_proc', 't.trftosql::oid')}) AS def
      FROM pg_transform t WHERE ${ofUser('pg_transform', 't')}`,
  },
  {
    name: 'language',
    query: () => `
      ${head('pg_language', 'l.oid', 'l.lanowner', acl('l.lanacl', `'l'::"char"`, 'l.lanowner'))},
        jsonb_build_object('trusted', l.lanpltrusted, 'functions', ARRAY[${['lanplcallfoid', 'laninline', 'lanvalidator'].map((name) => identity('pg_proc', `l.${name}`)).join(', ')}]) AS def
      FROM pg_language l WHERE ${ofUser('pg_language', 'l')}`,
  },
  {
    name: 'access method',
    query: () => `
      ${head('pg_am', 'a.oid')}, jsonb_build_object('kind', a.amtype, 'handler', ${identity('pg_proc', 'a.amhandler::oid')}) AS def
      FROM pg_am a WHERE ${ofUser('pg_am', 'a')}`,
  },
  {
    name: 'foreign-data wrapper',
    query: () => `
      ${head('pg_foreign_data_wrapper', 'f.oid', 'f.fdwowner', acl('f.fdwacl', `'F'::"char"`, 'f.fdwowner'))},
        jsonb_build_object('handler', ${identity('pg_proc', 'f.fdwhandler')}, 'validator', ${identity('pg_proc', 'f.fdwvalidator')}, 'options', ${sorted('f.fdwoptions')}) AS def
      FROM pg_foreign_data_wrapper f WHERE ${ofUser('pg_foreign_data_wrapper', 'f')}`,
  },
  {
    name: 'foreign server',
    query: () => `
      ${head('pg_foreign_server', 's.oid', 's.srvowner', acl('s.srvacl', `'S'::"char"`, 's.srvowner'))},
        jsonb_build_object('wrapper', (SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid = s.srvfdw), 'type', s.srvtype, 'version', s.srvversion,
          'options', ${sorted('s.srvoptions')}) AS def
      FROM pg_foreign_server s WHERE ${ofUser('pg_foreign_server', 's')}`,
  },
  {
    name: 'user mapping',
    // The values may be passwords: only the options' names are compared. A user without permission sees none.
    query: () => `
      SELECT 'pg_user_mapping'::regclass AS classid, m.umid AS objid, 0 AS subid, NULL::name AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_array((SELECT array_agg(split_part(o, '=', 1) ORDER BY split_part(o, '=', 1)) FROM unnest(m.umoptions) o)) AS def
      FROM pg_user_mappings m`,
  },
  {
    name: 'event trigger',
    query: () => `
      ${head('pg_event_trigger', 'e.oid', 'e.evtowner')},
        jsonb_build_object('event', e.evtevent, 'function', ${identity('pg_proc', 'e.evtfoid')}, 'enabled', e.evtenabled, 'tags', ${sorted('e.evttags')}) AS def
      FROM pg_event_trigger e WHERE ${own('pg_event_trigger', 'e.oid')}`,
  },
  {
    name: 'publication',
    hasExpressions: true,
    query: ({ major }) => `
      ${head('pg_publication', 'p.oid', 'p.pubowner')},
        to_jsonb(p) - '{oid,pubowner}'::text[] || jsonb_build_object(
          'tables', (SELECT jsonb_agg(jsonb_build_array(${identity('pg_class', 'r.prrelid')}${
            major >= 15
              ? `, pg_get_expr(r.prqual, r.prrelid), (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))`
              : ''
          }) ORDER BY ${identity('pg_class', 'r.prrelid')}) FROM pg_publication_rel r WHERE r.prpubid = p.oid)${
            major >= 15
              ? `, 'schemas', (SELECT array_agg(n.nspname ORDER BY n.nspname) FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid)`
              : ''
          }) AS def
      FROM pg_publication p WHERE ${own('pg_publication', 'p.oid')}`,
  },
  {
    name: 'default privileges',
    query: () => `
      SELECT 'pg_default_acl'::regclass AS classid, d.oid AS objid, 0 AS subid, n.nspname AS schema, d.defaclrole AS owner,
        ${acl('d.defaclacl', `'r'::"char"`, 'd.defaclrole')} AS acl, '{}'::jsonb AS def
      FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace`,
  },
  {
    name: 'large object',
    query: () => `
      ${head('pg_largeobject', 'l.oid', 'l.lomowner', acl('l.lomacl', `'L'::"char"`, 'l.lomowner'))}, '{}'::jsonb AS def
      FROM pg_largeobject_metadata l`,
  },
  {
    name: 'comment',
    query: () => `
      SELECT d.classoid AS classid, d.objoid AS objid, d.objsubid AS subid, o.schema::name AS schema, NULL::oid AS owner, NULL::jsonb AS acl, to_jsonb(d.description) AS def
      FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) o
      WHERE (d.objoid >= ${FIRST_USER_OID} OR (d.classoid = 'pg_namespace'::regclass AND d.objoid IN (${USER_SCHEMAS})))
        AND d.classoid <> 'pg_extension'::regclass AND d.classoid <> 'pg_language'::regclass AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
        AND d.classoid <> 'pg_largeobject'::regclass AND d.classoid <> 'pg_subscription'::regclass`,
  },
  {
    name: 'security label',
    query: () => `
      SELECT l.classoid AS classid, l.objoid AS objid, l.objsubid AS subid, o.schema::name AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_array(l.provider, l.label) AS def
      FROM pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) o`,
  },
];
