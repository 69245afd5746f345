import type { CheckResult } from '../../core/model/finding.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';

interface Row {
  name: string;
  owner: string;
  /** Row security applies to this user, so a backup would lack rows, and pg_dump refuses. */
  hidden: boolean;
  forced: boolean;
  mine: boolean;
}

/** What prevents pg_dump from reading every row of the schemas: a missing privilege, or row security. */
export async function readableCheck({ client, target: { schemas, user } }: PostgresConnection): Promise<CheckResult> {
  const name = 'backup readable';
  const { rows } = await client.query<Row>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_get_userbyid(c.relowner)::text AS owner,
       has_table_privilege(c.oid, 'SELECT') AS hidden, c.relforcerowsecurity AS forced,
       pg_has_role(c.relowner, 'USAGE') AS mine
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'm', 'S') AND c.relpersistence <> 't'
       AND (CASE c.relkind WHEN 'S' THEN NOT has_sequence_privilege(c.oid, 'SELECT')
            ELSE NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid) END)
     ORDER BY 1 LIMIT 20`,
    [schemas],
  );
  const [first] = rows;
  if (first === undefined) return { name, result: 'passed', message: `${user} can read every table` };
  const others = rows.length > 1 ? ` and ${rows.length - 1} more` : '';
  const me = quoteIdentifier(user);
  if (!first.hidden) {
    return {
      name,
      result: 'failed',
      message: `${user} has no privilege to read ${first.name}${others}, so no backup can be taken. As ${first.owner}, run: GRANT SELECT ON ${first.name} TO ${me};`,
    };
  }
  const advice =
    first.forced && first.mine
      ? `As a superuser, run: ALTER ROLE ${me} BYPASSRLS; or run: ALTER TABLE ${first.name} NO FORCE ROW LEVEL SECURITY;`
      : `As a superuser, run: ALTER ROLE ${me} BYPASSRLS;`;
  return {
    name,
    result: 'failed',
    message: `row security hides rows of ${first.name}${others} from ${user}, so pg_dump refuses to take a backup. ${advice}`,
  };
}
