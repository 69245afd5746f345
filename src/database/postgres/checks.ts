import { count } from '../../core/model/count.ts';
import { type CheckResult, resultsOf } from '../../core/model/finding.ts';
import type { CheckContext } from '../port.ts';
import { readableCheck } from './checks-readable.ts';
import { restoreCheck } from './checks-restore.ts';
import { schemasCheck } from './checks-schemas.ts';
import { clientCheck, notVisible, serverChecks } from './checks-server.ts';
import type { PostgresConnection } from './connection.ts';

const OLDEST = 120_000;
/** A transaction open for longer than this is likely to block a migration that needs a strong lock. */
const LONG_SECONDS = 60;
const LONG = 'xact_start < now() - make_interval(secs => $2)';

/** Read-only checks of what could go wrong: standby, version, privileges, unmanaged schemas, long transactions, replicas, and the programs for backups. */
export async function checks(
  open: PostgresConnection,
  { backupFolder, backupSchemas, restore, copyOnTarget }: CheckContext,
): Promise<CheckResult[]> {
  const clients = backupFolder === undefined ? [] : [await clientCheck(open), await readableCheck(open, backupSchemas)];
  const recovery = restore === undefined ? [] : [await restoreCheck(open, restore)];
  return [
    ...recovery,
    ...(await databaseChecks(open)),
    ...(await schemasCheck(open)),
    ...(await serverChecks(open, copyOnTarget)),
    ...clients,
  ];
}

async function databaseChecks({ client, identity, version, target }: PostgresConnection): Promise<CheckResult[]> {
  const { rows } = await client.query<{
    standby: boolean;
    readonly: string;
    create: boolean | null;
    long: string;
    longest: string | null;
    /** Sessions whose times this user may not see. */
    hidden: number;
  }>(
    `SELECT pg_is_in_recovery() AS standby, (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') AS readonly,
       (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1) AS "create",
       count(*) FILTER (WHERE ${LONG})::text AS long, max(application_name || ' (backend ' || pid || ')') FILTER (WHERE ${LONG}) AS longest,
       count(*) FILTER (WHERE usename IS NOT NULL AND backend_start IS NULL)::int AS hidden
     FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    [target.schemas[0] ?? 'public', LONG_SECONDS],
  );
  const [row] = rows;
  const long = Number(row?.long ?? 0);
  const hidden =
    row === undefined || row.hidden === 0
      ? ''
      : `. ${notVisible(`The transactions of ${count(row.hidden, 'session')} of other roles are`, target.user)}`;
  const [schema] = target.schemas;
  const [privileges, transactions] = [resultsOf('privileges'), resultsOf('long transactions')];
  const { passed, failed } = resultsOf('server version');
  return [
    resultsOf('database reachable').passed(`${identity.display} answers`),
    writable(identity.display, row),
    version >= OLDEST
      ? passed(identity.serverVersion)
      : failed(`${identity.serverVersion} is older than PostgreSQL 12`),
    row?.create === false
      ? privileges.failed(
          `the user ${target.user} cannot create objects in schema ${schema}. Run: GRANT CREATE ON SCHEMA ${schema} TO ${target.user}`,
        )
      : privileges.passed(`${target.user} can create objects in schema ${schema}`),
    long === 0
      ? transactions.passed(`none older than ${LONG_SECONDS} s${hidden}`)
      : transactions.warning(
          `${long} open for more than ${LONG_SECONDS} s, for example ${row?.longest}: they may block the migration`,
        ),
  ];
}

function writable(where: string, row: { standby: boolean; readonly: string } | undefined): CheckResult {
  const { passed, failed } = resultsOf('database writable');
  if (row?.standby === true) {
    return failed(`${where} is a standby; connect to the primary`);
  }
  if (row?.readonly !== 'on') return passed('a primary');
  return failed(
    `${where} is read-only by default (default_transaction_read_only is on for the server, the database or the user). Reset it there first, for example: ALTER DATABASE … RESET default_transaction_read_only`,
  );
}
