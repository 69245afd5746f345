import { type CheckResult, resultsOf } from '../../core/model/finding.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';

interface Row {
  name: string;
  schema: string;
  owner: string;
  schemaOwner: string;
  /** What keeps the rows from this user: no USAGE of the schema, no SELECT, or row security, which pg_dump refuses. */
  by: 'schema' | 'privilege' | 'row security';
  forced: boolean;
  mine: boolean;
}

/**
 * What prevents pg_dump from reading everything that a backup contains: the whole database, or only `schemas`. It locks the tables of
 * extensions too, and reads no rows of views, materialized views and foreign tables.
 */
export async function readableCheck(
  { client, target: { user } }: PostgresConnection,
  schemas?: readonly string[],
): Promise<CheckResult> {
  const { passed, failed } = resultsOf('backup readable');
  const { rows } = await client.query<Row>(
    `SELECT * FROM (
       SELECT format('%I.%I', n.nspname, c.relname) AS name, quote_ident(n.nspname) AS schema,
         pg_get_userbyid(c.relowner)::text AS owner, pg_get_userbyid(n.nspowner)::text AS "schemaOwner",
         CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN 'schema'
              WHEN NOT CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
                                      ELSE has_table_privilege(c.oid, 'SELECT') END THEN 'privilege'
              WHEN c.relkind = 'r' AND row_security_active(c.oid) THEN 'row security' END AS by,
         c.relforcerowsecurity AS forced, pg_has_role(c.relowner, 'USAGE') AS mine
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE CASE WHEN $1::text[] IS NULL THEN n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                  ELSE n.nspname = ANY ($1) END
         AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't') AS each
     WHERE by IS NOT NULL ORDER BY name LIMIT 20`,
    [schemas ?? null],
  );
  const [first] = rows;
  if (first === undefined) return passed(`${user} can read every table`);
  const others = rows.length > 1 ? ` and ${rows.length - 1} more` : '';
  return failed(problemOf(first, others, user));
}

function problemOf({ by, name, schema, owner, schemaOwner, forced, mine }: Row, others: string, user: string): string {
  const me = quoteIdentifier(user);
  switch (by) {
    case 'schema':
      return `${user} has no privilege to use the schema of ${name}${others}, so no backup can be taken. As ${schemaOwner}, run: GRANT USAGE ON SCHEMA ${schema} TO ${me};`;
    case 'privilege':
      return `${user} has no privilege to read ${name}${others}, so no backup can be taken. As ${owner}, run: GRANT SELECT ON ${name} TO ${me};`;
    case 'row security':
      return `row security hides rows of ${name}${others} from ${user}, so pg_dump refuses to take a backup. As a superuser, run: ALTER ROLE ${me} BYPASSRLS;${forced && mine ? ` or run: ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY;` : ''}`;
  }
}
