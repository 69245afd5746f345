import { acl, defaultText, FIRST_USER_OID, identity, type ObjectClass, own, RELATIONS, sorted } from './sql.ts';

const tablespace = (column: string) => `(SELECT spcname FROM pg_tablespace WHERE oid = ${column})`;

const CONSTRAINT = `'pg_constraint'::regclass AS classid, k.oid AS objid, 0 AS subid`;
/** Named after its column; that of a domain has none. */
const NOT_NULL = `CASE k.conrelid WHEN 0 THEN 'pg_constraint'::regclass ELSE 'pg_class'::regclass END AS classid,
        CASE k.conrelid WHEN 0 THEN k.oid ELSE k.conrelid END AS objid, CASE k.conrelid WHEN 0 THEN 0 ELSE k.conkey[1]::int END AS subid`;

/** Tables and what hangs on them. */
export const RELATION_CLASSES: ObjectClass[] = [
  {
    name: 'relation',
    hasExpressions: true,
    query: () => `
      SELECT 'pg_class'::regclass AS classid, c.oid AS objid, 0 AS subid, c.nspname AS schema, c.relowner AS owner,
        ${acl('c.relacl', `CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`, 'c.relowner')} AS acl,
        jsonb_build_object(
          'kind', c.relkind, 'persistence', c.relpersistence, 'options', ${sorted('c.reloptions')},
          'toast', (SELECT ${sorted('t.reloptions')} FROM pg_class t WHERE t.oid = c.reltoastrelid),
          'tablespace', ${tablespace('c.reltablespace')}, 'method', (SELECT amname FROM pg_am WHERE oid = c.relam),
          'identity', c.relreplident, 'security', c.relrowsecurity, 'forced', c.relforcerowsecurity,
          'parents', (SELECT array_agg(${identity('pg_class', 'i.inhparent')} ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
          'bound', pg_get_expr(c.relpartbound, c.oid),
          'key', CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END,
          'of', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
          'query', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
          'populated', c.relispopulated,
          'foreign', (SELECT jsonb_build_array(s.srvname, ${sorted('f.ftoptions')})
                        FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid)) AS def
      FROM ${RELATIONS} c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')`,
  },
  {
    name: 'column',
    hasExpressions: true,
    // A child table's inherited columns may come back in another order: pg_dump names only those of its own.
    query: () => `
      SELECT 'pg_class'::regclass AS classid, c.oid AS objid, a.attnum::int AS subid, c.nspname AS schema, NULL::oid AS owner,
        ${acl('a.attacl', `'c'::"char"`, 'c.relowner')} AS acl,
        jsonb_build_object(
          'position', CASE WHEN c.relispartition OR NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
                      THEN row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) END,
          'type', format_type(a.atttypid, a.atttypmod),
          'collation', (SELECT ${identity('pg_collation', 'a.attcollation')} FROM pg_type t
                         WHERE t.oid = a.atttypid AND t.typcollation <> a.attcollation),
          'notNull', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated, 'storage', a.attstorage,
          'compression', to_jsonb(a) -> 'attcompression', 'statistics', nullif(to_jsonb(a) -> 'attstattarget', '-1'),
          'options', ${sorted('a.attoptions')}, 'foreign', ${sorted('a.attfdwoptions')},
          'local', a.attislocal, 'inherited', a.attinhcount,
          'default', (SELECT ${defaultText('d.adbin', 'a')} FROM pg_attrdef d WHERE d.adrelid = c.oid AND d.adnum = a.attnum)) AS def
      FROM ${RELATIONS} c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped`,
  },
  ...['constraint', 'not-null constraint'].map((name) => ({
    name,
    hasExpressions: true as const,
    // The inheritance flags of a partition's constraint are set when the partition is attached, and stay when it is
    // detached. A foreign key's copies on partitions, and a constraint trigger's row here, follow from the original.
    // Since version 18, NOT NULL is a constraint too, of one column: a dump leaves out its name if it is the usual one,
    // and the server then adds a number if another table (LIKE … INCLUDING ALL) has that name.
    query: () => `
      SELECT ${name === 'constraint' ? CONSTRAINT : NOT_NULL}, n.nspname AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_object('definition', pg_get_constraintdef(k.oid), 'local', k.conislocal OR k.conparentid <> 0 OR k.coninhcount = 0,
          'noInherit', k.connoinherit AND k.contype IN ('c', 'n')${name === 'constraint' ? '' : `, 'name', CASE WHEN k.conname !~ '_not_null\\d*$' THEN k.conname END`}) AS def
      FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
      WHERE k.oid >= ${FIRST_USER_OID} AND k.contype <> 't' AND k.contype ${name === 'constraint' ? '<>' : '='} 'n' AND NOT (k.contype = 'f' AND k.conparentid <> 0)
        AND n.nspname !~ '^pg_(toast|temp)'
        AND (k.conrelid = 0 OR k.conrelid IN (SELECT oid FROM ${RELATIONS} c))
        AND (k.contypid = 0 OR ${own('pg_type', 'k.contypid')})`,
  })),
  {
    name: 'index',
    hasExpressions: true,
    // An index that a failed CREATE INDEX CONCURRENTLY left invalid is in no dump.
    query: () => `
      SELECT 'pg_class'::regclass AS classid, i.indexrelid AS objid, 0 AS subid, c.nspname AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_object(
          'definition', pg_get_indexdef(i.indexrelid), 'clustered', i.indisclustered, 'identity', i.indisreplident,
          'options', ${sorted('x.reloptions')}, 'tablespace', ${tablespace('x.reltablespace')},
          'parent', (SELECT ${identity('pg_class', 'h.inhparent')} FROM pg_inherits h WHERE h.inhrelid = x.oid),
          'statistics', (SELECT array_agg(nullif(to_jsonb(a) -> 'attstattarget', '-1') ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = x.oid)) AS def
      FROM pg_index i JOIN ${RELATIONS} c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
      WHERE i.indisvalid OR x.relkind = 'I'`,
  },
  {
    name: 'sequence',
    // A dump gives the sequence of an identity the type of its column, which LIKE … INCLUDING IDENTITY does not.
    query: () => `
      SELECT 'pg_class'::regclass AS classid, c.oid AS objid, 0 AS subid, c.nspname AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_object(
          'type', CASE WHEN NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')
                  THEN format_type(s.seqtypid, NULL) END,
          'start', s.seqstart, 'increment', s.seqincrement, 'max', s.seqmax,
          'min', s.seqmin, 'cache', s.seqcache, 'cycle', s.seqcycle,
          'ownedBy', (SELECT jsonb_agg(o.identity) FROM pg_depend d, pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) o
                       WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)) AS def
      FROM ${RELATIONS} c JOIN pg_sequence s ON s.seqrelid = c.oid`,
  },
  {
    name: 'rule',
    hasExpressions: true,
    query: () => `
      SELECT 'pg_rewrite'::regclass AS classid, r.oid AS objid, 0 AS subid, c.nspname AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_object('definition', CASE WHEN r.rulename <> '_RETURN' THEN pg_get_ruledef(r.oid) END, 'enabled', r.ev_enabled) AS def
      FROM pg_rewrite r JOIN ${RELATIONS} c ON c.oid = r.ev_class`,
  },
  {
    name: 'trigger',
    hasExpressions: true,
    query: ({ major }) => `
      SELECT 'pg_trigger'::regclass AS classid, t.oid AS objid, 0 AS subid, c.nspname AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_object('definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled) AS def
      FROM pg_trigger t JOIN ${RELATIONS} c ON c.oid = t.tgrelid
      WHERE NOT t.tgisinternal ${major >= 13 ? "AND (t.tgparentid = 0 OR t.tgenabled <> 'O')" : ''}`,
  },
  {
    name: 'policy',
    hasExpressions: true,
    query: () => `
      SELECT 'pg_policy'::regclass AS classid, p.oid AS objid, 0 AS subid, c.nspname AS schema, NULL::oid AS owner, NULL::jsonb AS acl,
        jsonb_build_object('command', p.polcmd, 'permissive', p.polpermissive,
          'roles', (SELECT array_agg(role ORDER BY role) FROM (SELECT CASE r WHEN 0 THEN '' ELSE pg_get_userbyid(r)::text END AS role FROM unnest(p.polroles) r) l),
          'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) AS def
      FROM pg_policy p JOIN ${RELATIONS} c ON c.oid = p.polrelid`,
  },
  {
    name: 'statistics object',
    hasExpressions: true,
    query: () => `
      SELECT 'pg_statistic_ext'::regclass AS classid, s.oid AS objid, 0 AS subid, n.nspname AS schema, s.stxowner AS owner, NULL::jsonb AS acl,
        jsonb_build_object('definition', pg_get_statisticsobjdef(s.oid), 'target', nullif(to_jsonb(s) -> 'stxstattarget', '-1')) AS def
      FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${own('pg_statistic_ext', 's.oid')}`,
  },
];
