/** The only module that drops a database: a scratch copy, the database of an unfinished restore, or a replaced one. */
import { ProblemError } from '../../core/model/problem.ts';
import { type Client, quoteIdentifier } from './driver.ts';

/** The user may not terminate a session: it is a superuser's, or autovacuum's. */
const INSUFFICIENT_PRIVILEGE = '42501';
const OBJECT_IN_USE = '55006';

/**
 * Condition on `pg_stat_activity a`: this user may terminate the session. `pg_terminate_backend` raises an error for
 * any other, and the sessions after it in the same query are not terminated.
 * Source: pg_signal_backend() in signalfuncs.c.
 */
export const MAY_TERMINATE = `EXISTS (SELECT FROM pg_roles me, pg_roles them
  WHERE me.rolname = current_user AND them.oid = a.usesysid
    AND (me.rolsuper OR (NOT them.rolsuper AND (pg_has_role(them.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))))`;

/**
 * Drops a database that may not exist, with the sessions in it. WITH (FORCE), of PostgreSQL 13, refuses a user without
 * superuser while autovacuum or a superuser's session is there. DROP DATABASE alone ends autovacuum, and waits five
 * seconds for the others. Throws ProblemError ActiveSessions, which names the sessions that stay.
 */
export async function dropDatabase(client: Client, name: string): Promise<void> {
  const { rows } = await client.query<{ template: boolean; allowed: boolean; force: boolean }>(
    `SELECT datistemplate AS template, datallowconn AS allowed, current_setting('server_version_num')::int >= 130000 AS force
       FROM pg_database WHERE datname = $1`,
    [name],
  );
  const [row] = rows;
  if (row === undefined) return;
  const quoted = quoteIdentifier(name);
  // A template cannot be dropped.
  if (row.template) await client.query(`ALTER DATABASE ${quoted} IS_TEMPLATE false`);
  if (row.force) {
    try {
      await client.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
      return;
    } catch (error) {
      if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    }
  }
  await dropWithoutForce(client, name, row.allowed);
}

async function dropWithoutForce(client: Client, name: string, allowed: boolean): Promise<void> {
  const quoted = quoteIdentifier(name);
  // Programs that connect to every database of a server connect again and again. Not even a superuser can here.
  if (allowed) await client.query(`ALTER DATABASE ${quoted} ALLOW_CONNECTIONS false`);
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity a WHERE datname = $1 AND pid <> pg_backend_pid() AND ${MAY_TERMINATE}`,
    [name],
  );
  try {
    await client.query(`DROP DATABASE IF EXISTS ${quoted}`);
  } catch (error) {
    if (allowed) await client.query(`ALTER DATABASE ${quoted} ALLOW_CONNECTIONS true`).catch(() => {});
    throw codeOf(error) === OBJECT_IN_USE ? await inUse(client, name, error) : error;
  }
}

async function inUse(client: Client, name: string, cause: unknown): Promise<ProblemError> {
  const { rows } = await client.query<{ who: string }>(
    `SELECT concat_ws(' ', quote_ident(coalesce(nullif(application_name, ''), 'a program')), 'of', usename, '(backend ' || pid || ')') AS who
       FROM pg_stat_activity WHERE datname = $1 AND usename IS NOT NULL ORDER BY backend_start, pid LIMIT 5`,
    [name],
  );
  const by = rows.length === 0 ? (cause as Error).message : `it is used by ${rows.map(({ who }) => who).join(', ')}`;
  const message = `The database ${name} could not be dropped: ${by}. As a superuser, run: DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE);`;
  return new ProblemError({ reason: 'ActiveSessions', message, code: OBJECT_IN_USE }, { cause });
}

/** One drop that several callers await. After a failure, the next caller tries again. */
export function droppedOnce(drop: () => Promise<void>): () => Promise<void> {
  let dropped: Promise<void> | undefined;
  return () => {
    dropped ??= drop().catch((error: unknown) => {
      dropped = undefined;
      throw error;
    });
    return dropped;
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
