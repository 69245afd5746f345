/** Objects below this belong to every database of the server (PostgreSQL source, `FirstNormalObjectId`). */
export const FIRST_USER_OID = 16_384;

/** One kind of object: what it is called in a list of differences, and the query that reads it. */
export interface ObjectClass {
  name: string;
  /** Columns: classid, objid, subid, schema, owner (an oid or NULL), acl (jsonb or NULL), def (jsonb). */
  query(server: ServerMajor): string;
  /** PostgreSQL prints an expression that it has read back with other casts and parentheses. */
  hasExpressions?: true;
}

export interface ServerMajor {
  /** As `server_version_num` / 10000. */
  major: number;
}

/** Privileges as data, those that are the default too: `[grantor, grantee or '', privilege, grantable]`, in order. */
export function acl(column: string, kind: string, owner: string): string {
  return `(SELECT jsonb_agg(jsonb_build_array(x.grantor, x.grantee, x.privilege, x.grantable)
      ORDER BY x.grantor, x.grantee, x.privilege, x.grantable)
    FROM (SELECT pg_get_userbyid(e.grantor)::text AS grantor,
            CASE e.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(e.grantee)::text END AS grantee,
            e.privilege_type AS privilege, e.is_grantable AS grantable
          FROM aclexplode(coalesce(${column}, acldefault(${kind}, ${owner}))) e) x)`;
}

/** A member of an extension: the version of the extension determines its members. */
export function member(catalogue: string, oid: string): string {
  return `EXISTS (SELECT FROM pg_depend own WHERE own.classid = '${catalogue}'::regclass AND own.objid = ${oid} AND own.deptype = 'e')`;
}

export const own = (catalogue: string, oid: string) => `NOT ${member(catalogue, oid)}`;

/** An object that a user made. */
export const ofUser = (catalogue: string, alias: string) =>
  `${alias}.oid >= ${FIRST_USER_OID} AND ${own(catalogue, `${alias}.oid`)}`;

/** The relations of users, without temporary ones. */
export const RELATIONS = `(SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid >= ${FIRST_USER_OID} AND c.relpersistence <> 't' AND n.nspname !~ '^pg_(toast|temp)' AND ${own('pg_class', 'c.oid')})`;

/**
 * The text of a column's default. Only that of a generated column names other columns: with the relation, PostgreSQL up
 * to version 16 makes all its column names unique for each default, which takes a minute for 1,600 columns.
 */
export function defaultText(expression: string, column: string): string {
  return `pg_get_expr(${expression}, CASE ${column}.attgenerated WHEN '' THEN 0 ELSE ${column}.attrelid END)`;
}

/** A list without order, in order. */
export function sorted(array: string): string {
  return `(SELECT array_agg(o ORDER BY o) FROM unnest(${array}) o)`;
}

/** The name of an object, with its schema and quoted, or NULL. */
export function identity(catalogue: string, oid: string): string {
  return `(SELECT i.identity FROM pg_identify_object('${catalogue}'::regclass, nullif(${oid}, 0), 0) i)`;
}
