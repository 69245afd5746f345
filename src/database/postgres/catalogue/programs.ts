import { acl, identity, type ObjectClass, ofUser, sorted } from './sql.ts';

const NO_ACL = 'NULL::jsonb AS acl';
/** A function or NULL, by its full name. */
const routine = (column: string) => identity('pg_proc', `${column}::oid`);
const operator = (column: string) => identity('pg_operator', `${column}::oid`);
const type = (column: string) => `CASE WHEN ${column} <> 0 THEN format_type(${column}, NULL) END`;

/** The head of a class whose objects are in a schema. */
function inSchema(catalogue: string, alias: string, prefix: string, aclSql = NO_ACL): string {
  return `SELECT '${catalogue}'::regclass AS classid, ${alias}.oid AS objid, 0 AS subid, n.nspname AS schema, ${alias}.${prefix}owner AS owner, ${aclSql}`;
}

/** Routines, types and operators. */
export const PROGRAM_CLASSES: ObjectClass[] = [
  {
    name: 'function',
    hasExpressions: true,
    query: () => `
      ${inSchema('pg_proc', 'p', 'pro', `${acl('p.proacl', `'f'::"char"`, 'p.proowner')} AS acl`)},
        jsonb_build_object('definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, 'kind', p.prokind,
          'parallel', p.proparallel, 'support', ${routine('p.prosupport')}) AS def
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE ${ofUser('pg_proc', 'p')} AND n.nspname !~ '^pg_temp'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')`,
  },
  {
    name: 'aggregate',
    // Without a final function its properties have no effect, and pg_dump does not write them.
    query: () => `
      SELECT 'pg_proc'::regclass AS classid, p.oid AS objid, 0 AS subid, n.nspname AS schema, NULL::oid AS owner, ${NO_ACL},
        to_jsonb(a) - '{aggfnoid,aggtransfn,aggfinalfn,aggcombinefn,aggserialfn,aggdeserialfn,aggmtransfn,aggminvtransfn,aggmfinalfn,aggsortop,aggtranstype,aggmtranstype}'::text[]
          - CASE WHEN a.aggfinalfn = 0 THEN ARRAY['aggfinalmodify', 'aggfinalextra'] ELSE '{}' END
          - CASE WHEN a.aggmfinalfn = 0 THEN ARRAY['aggmfinalmodify', 'aggmfinalextra'] ELSE '{}' END
          || jsonb_build_object('arguments', pg_get_function_arguments(p.oid),
            'functions', ARRAY[${['aggtransfn', 'aggfinalfn', 'aggcombinefn', 'aggserialfn', 'aggdeserialfn', 'aggmtransfn', 'aggminvtransfn', 'aggmfinalfn'].map((name) => routine(`a.${name}`)).join(', ')}],
            'order', ${operator('a.aggsortop')}, 'state', ${type('a.aggtranstype')}, 'moving', ${type('a.aggmtranstype')}) AS def
      FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${ofUser('pg_proc', 'p')}`,
  },
  {
    name: 'type',
    hasExpressions: true,
    // A multirange belongs to whoever made its range; ALTER TYPE does not change that.
    // A table's row type and an array type follow from their originals. The text of a default that the catalogue keeps
    // depends on the search path of the session that wrote it.
    query: ({ major }) => `
      SELECT 'pg_type'::regclass AS classid, t.oid AS objid, 0 AS subid, n.nspname AS schema, CASE WHEN t.typtype <> 'm' THEN t.typowner END AS owner,
        CASE WHEN t.typtype <> 'm' THEN ${acl('t.typacl', `'T'::"char"`, 't.typowner')} END AS acl,
        jsonb_build_object('kind', t.typtype, 'length', t.typlen, 'byValue', t.typbyval, 'category', t.typcategory,
          'preferred', t.typispreferred, 'delimiter', t.typdelim, 'align', t.typalign, 'storage', t.typstorage,
          'notNull', t.typnotnull, 'base', ${type('t.typbasetype')}, 'modifier', t.typtypmod, 'default', coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault),
          'element', CASE WHEN t.typtype = 'b' THEN ${type('t.typelem')} END,
          'collation', ${identity('pg_collation', 't.typcollation')},
          'functions', ARRAY[${['typinput', 'typoutput', 'typreceive', 'typsend', 'typmodin', 'typmodout', 'typanalyze'].map((name) => routine(`t.${name}`)).join(', ')}],
          'labels', (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
          'range', (SELECT jsonb_build_array(${type('r.rngsubtype')}, ${identity('pg_opclass', 'r.rngsubopc')}, ${identity('pg_collation', 'r.rngcollation')},
             ${routine('r.rngcanonical')}, ${routine('r.rngsubdiff')}${major >= 14 ? `, ${type('r.rngmultitypid')}` : ''}) FROM pg_range r WHERE r.rngtypid = t.oid)) AS def
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE ${ofUser('pg_type', 't')} AND n.nspname !~ '^pg_(toast|temp)'
        AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
        AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)`,
  },
  {
    name: 'operator',
    query: () => `
      ${inSchema('pg_operator', 'o', 'opr')},
        jsonb_build_object('kind', o.oprkind, 'merges', o.oprcanmerge, 'hashes', o.oprcanhash, 'result', ${type('o.oprresult')},
          'commutator', ${operator('o.oprcom')}, 'negator', ${operator('o.oprnegate')},
          'functions', ARRAY[${['oprcode', 'oprrest', 'oprjoin'].map((name) => routine(`o.${name}`)).join(', ')}]) AS def
      FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${ofUser('pg_operator', 'o')}`,
  },
  {
    name: 'operator class',
    query: () => `
      ${inSchema('pg_opclass', 'o', 'opc')},
        jsonb_build_object('family', ${identity('pg_opfamily', 'o.opcfamily')}, 'type', ${type('o.opcintype')}, 'default', o.opcdefault, 'key', ${type('o.opckeytype')}) AS def
      FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE ${ofUser('pg_opclass', 'o')}`,
  },
  {
    name: 'operator family',
    query: () => `
      ${inSchema('pg_opfamily', 'f', 'opf')},
        jsonb_build_object(
          'operators', (SELECT jsonb_agg(x ORDER BY x::text) FROM (SELECT jsonb_build_array(m.amopstrategy, ${operator('m.amopopr')}, m.amoppurpose,
             ${identity('pg_opfamily', 'm.amopsortfamily')}) AS x FROM pg_amop m WHERE m.amopfamily = f.oid) l),
          'functions', (SELECT jsonb_agg(x ORDER BY x::text) FROM (SELECT jsonb_build_array(m.amprocnum, ${routine('m.amproc')}, ${type('m.amproclefttype')},
             ${type('m.amprocrighttype')}) AS x FROM pg_amproc m WHERE m.amprocfamily = f.oid) l)) AS def
      FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace WHERE ${ofUser('pg_opfamily', 'f')}`,
  },
  {
    name: 'collation',
    // A copy of "C" (CREATE COLLATION … FROM) is for every encoding; that of a dump is for the encoding of the database.
    query: () => `
      ${inSchema('pg_collation', 'c', 'coll')},
        to_jsonb(c) - '{oid,collnamespace,collowner,collversion,collencoding}'::text[] AS def
      FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE ${ofUser('pg_collation', 'c')}`,
  },
  {
    name: 'conversion',
    query: () => `
      ${inSchema('pg_conversion', 'c', 'con')},
        jsonb_build_object('from', c.conforencoding, 'to', c.contoencoding, 'function', ${routine('c.conproc')}, 'default', c.condefault) AS def
      FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${ofUser('pg_conversion', 'c')}`,
  },
  {
    name: 'text search configuration',
    query: () => `
      ${inSchema('pg_ts_config', 'c', 'cfg')},
        jsonb_build_object('parser', ${identity('pg_ts_parser', 'c.cfgparser')},
          'mappings', (SELECT jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, ${identity('pg_ts_dict', 'm.mapdict')}) ORDER BY m.maptokentype, m.mapseqno)
             FROM pg_ts_config_map m WHERE m.mapcfg = c.oid)) AS def
      FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE ${ofUser('pg_ts_config', 'c')}`,
  },
  {
    name: 'text search dictionary',
    query: () => `
      ${inSchema('pg_ts_dict', 'd', 'dict')},
        jsonb_build_object('template', ${identity('pg_ts_template', 'd.dicttemplate')}, 'options', d.dictinitoption) AS def
      FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE ${ofUser('pg_ts_dict', 'd')}`,
  },
  {
    name: 'text search parser',
    query: () => `
      SELECT 'pg_ts_parser'::regclass AS classid, p.oid AS objid, 0 AS subid, n.nspname AS schema, NULL::oid AS owner, ${NO_ACL},
        jsonb_build_array(${['prsstart', 'prstoken', 'prsend', 'prsheadline', 'prslextype'].map((name) => routine(`p.${name}`)).join(', ')}) AS def
      FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE ${ofUser('pg_ts_parser', 'p')}`,
  },
  {
    name: 'text search template',
    query: () => `
      SELECT 'pg_ts_template'::regclass AS classid, t.oid AS objid, 0 AS subid, n.nspname AS schema, NULL::oid AS owner, ${NO_ACL},
        jsonb_build_array(${routine('t.tmplinit')}, ${routine('t.tmpllexize')}) AS def
      FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE ${ofUser('pg_ts_template', 't')}`,
  },
  {
    name: 'extension',
    // Its version determines its functions; relations may have been added to it.
    query: () => `
      SELECT 'pg_extension'::regclass AS classid, x.oid AS objid, 0 AS subid, NULL::name AS schema, x.extowner AS owner, ${NO_ACL},
        jsonb_build_object('version', x.extversion, 'schema', n.nspname, 'settings', ${sorted('x.extcondition')},
          'relations', (SELECT array_agg(m.identity ORDER BY m.identity) FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) m
             WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e' AND d.classid = 'pg_class'::regclass)) AS def
      FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace`,
  },
];
