import type { DatabaseProperties } from './catalogue/database.ts';
import type { PostgresConnection } from './connection.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { dropDatabase } from './drop-database.ts';
import { restoreProblem } from './restore-problems.ts';
import { createStatement } from './restore-properties.ts';
import { literal } from './restore-script.ts';

/** Why the database cannot be replaced by another one, as a sentence. */
export class CannotSwap extends Error {}

/** Identifies the database to which `…_restore_…` belongs, so that leftovers of a crash are found and dropped. */
const COMMENT_START = '{"db-manager":"restore"';

/** A database cannot be renamed from within: another one of the server, which every server has. */
export async function connectBeside(open: PostgresConnection): Promise<Client> {
  for (const database of ['postgres', 'template1'].filter((each) => each !== open.target.database)) {
    try {
      return await open.another('db-manager restore', database);
    } catch {
      // Some hosting providers allow no connections to one of them; the other may work.
    }
  }
  throw new CannotSwap(`${open.target.user} can connect neither to the database postgres nor to template1.`);
}

export async function refuseWithoutPrivileges({ client, target }: PostgresConnection): Promise<void> {
  const { rows } = await client.query<{ may: boolean; owner: boolean; subscriptions: number }>(
    `SELECT rolcreatedb OR rolsuper AS may, pg_has_role(d.datdba, 'USAGE') AS owner,
       (SELECT count(*)::int FROM pg_subscription s WHERE s.subdbid = d.oid) AS subscriptions
     FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`,
  );
  const [row] = rows;
  if (row?.may !== true) throw new CannotSwap(`${target.user} has no privilege to create databases.`);
  if (!row.owner) throw new CannotSwap(`${target.user} does not own the database ${target.database}.`);
  if (row.subscriptions > 0) throw new CannotSwap('A subscription belongs to the database and cannot move to another.');
}

export async function create(admin: Client, open: PostgresConnection, name: string, properties: DatabaseProperties) {
  try {
    await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
    await admin.query(createStatement(name, properties));
    const mark = JSON.stringify({ 'db-manager': 'restore', of: open.identity.id, at: new Date().toISOString() });
    await admin.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${literal(mark)}`);
  } catch (error) {
    await dropDatabase(admin, name).catch(() => {});
    throw serverProblem(error, open);
  }
}

/** Databases of dead restores: those whose lock is not held. One that is still used is left for the next restore. */
export async function dropLeftovers(admin: Client, { identity }: PostgresConnection): Promise<void> {
  const { rows } = await admin.query<{ name: string; of: string }>(
    `SELECT datname AS name, shobj_description(oid, 'pg_database')::jsonb ->> 'of' AS of FROM pg_database
      WHERE starts_with(shobj_description(oid, 'pg_database'), $1) AND pg_has_role(datdba, 'USAGE')`,
    [COMMENT_START],
  );
  for (const { name, of } of rows) {
    if (of !== identity.id) continue;
    const { rows: got } = await admin.query<{ got: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS got',
      [name],
    );
    if (got[0]?.got === true) await dropDatabase(admin, name).catch(() => {});
  }
}

export async function missingRoles(
  admin: Client,
  { owner, settings, privileges }: DatabaseProperties,
): Promise<string[]> {
  const { rows } = await admin.query<{ name: string; member: boolean }>(
    "SELECT rolname AS name, pg_has_role(oid, 'MEMBER') AS member FROM pg_roles",
  );
  const roles = new Map(rows.map(({ name, member }) => [name, member]));
  const named = [...settings.map(({ role }) => role), ...privileges.flatMap((each) => each.slice(0, 2) as string[])];
  const gone = named.filter((role): role is string => role !== null && role !== '' && !roles.has(role));
  return roles.get(owner) === true ? gone : [...gone, owner];
}

function serverProblem(error: unknown, open: PostgresConnection): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === '53100') return restoreProblem(`${error.message}: No space left on device`, 'the backup', open);
  return error;
}
