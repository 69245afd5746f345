/**
 * Limits the effects of a migration on a copy. A change of shared catalogues is found before its commit, for any kind
 * of statement. PostgreSQL's own functions that take effect immediately cannot be replaced; those of dblink are
 * replaced.
 */
import { type Client, quoteIdentifier } from './driver.ts';
import { qualified } from './queries.ts';
import { literal } from './restore-script.ts';

/** pg_shdepend is not here: every object with an owner has a row in it. */
const SHARED = [
  'pg_authid',
  'pg_auth_members',
  'pg_database',
  'pg_db_role_setting',
  'pg_parameter_acl',
  'pg_replication_origin',
  'pg_shdescription',
  'pg_shseclabel',
  'pg_subscription',
  'pg_tablespace',
];

/**
 * The names of shared catalogues that the transaction changed, read before the COMMIT: a writer holds its lock until
 * the end.
 */
export async function sharedChanges(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT c.relname::text AS name FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
      WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.database = 0 AND c.relisshared
        AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        AND c.relname = ANY ($1) ORDER BY 1`,
    [SHARED],
  );
  return rows.map(({ name }) => name);
}

interface Cut {
  schema: string;
  name: string;
  arguments: string;
  result: string;
  /** The columns that it returns. */
  nulls: string;
}

/**
 * Code on a copy cannot reach another server: foreign-data wrappers lose their handler, and functions like those of
 * dblink raise an error. An object of the migration that needs them fails with that message. For a superuser.
 */
export async function cutOff(client: Client): Promise<void> {
  const { rows: wrappers } = await client.query<{ name: string }>(
    'SELECT fdwname AS name FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwhandler <> 0',
  );
  for (const { name } of wrappers) {
    await client.query(`ALTER FOREIGN DATA WRAPPER ${quoteIdentifier(name)} NO HANDLER`);
  }
  const { rows } = await client.query<Cut>(
    `SELECT n.nspname AS schema, p.proname AS name, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
       coalesce((SELECT string_agg('NULL::' || format_type(t, NULL), ', ') FROM unnest(p.proallargtypes, p.proargmodes) a (t, m) WHERE m IN ('o', 'b', 't')),
         'NULL' || CASE WHEN p.prorettype IN ('void'::regtype, 'record'::regtype) THEN '' ELSE '::' || format_type(p.prorettype, NULL) END) AS nulls
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE l.lanname = 'c' AND p.prokind = 'f' AND p.proname !~ 'validator' AND p.probin LIKE '%dblink'`,
  );
  if (rows.length === 0) return;
  await client.query('BEGIN; SET LOCAL check_function_bodies = off');
  for (const { schema, name, arguments: list, result, nulls } of rows) {
    const why = literal(`${name}() reaches other servers, which are not available on a copy`);
    const body = literal(`SELECT ${why}::pg_catalog.bool; SELECT ${nulls}`);
    const function_ = `${qualified(schema, name)}(${list})`;
    await client.query('SAVEPOINT one');
    await client
      .query(`CREATE OR REPLACE FUNCTION ${function_} RETURNS ${result} VOLATILE LANGUAGE sql AS ${body}`)
      .catch(() => client.query('ROLLBACK TO one'));
  }
  await client.query('COMMIT');
}
