import { count } from '../../core/model/count.ts';
import { type CheckResult, resultsOf } from '../../core/model/finding.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { listNames } from '../../core/planning/names.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';
import { majorOf } from './dump.ts';
import { findClients } from './dump-clients.ts';
import { extensionsWithoutFiles } from './private/extension-files.ts';
import { NoPrivateServer, withoutFiles } from './private/problem.ts';
import { findServer } from './private/server.ts';
import type { Programs } from './programs.ts';
import { mostRestoreJobs } from './restore-jobs.ts';

/** A replica with more lag than this will not catch up while a migration writes. */
const LAG_SECONDS = 10;
/** A run has several connections at a time: its own, the lock's, the migration's, those of pg_dump and its snapshot. */
const CONNECTIONS_NEEDED = 5;

interface Row {
  replicas: number;
  lag: number | null;
  idle_slots: string[] | null;
  prepared: number;
  free: number;
  role: string;
  role_limit: number;
  database_limit: number;
  role_sessions: number;
  database_sessions: number;
  may_create: boolean | null;
  sees_all: boolean;
}

/** The server's other clients, replicas and sessions, and the privileges of the user. One query. */
export async function serverChecks(open: PostgresConnection, copyOnTarget = false): Promise<CheckResult[]> {
  const { client, target } = open;
  const { rows } = await client.query<Row>(
    `SELECT (SELECT count(*)::int FROM pg_stat_replication) AS replicas,
       (SELECT extract(epoch FROM max(replay_lag))::float8 FROM pg_stat_replication) AS lag,
       (SELECT array_agg(slot_name::text ORDER BY slot_name) FROM pg_replication_slots WHERE NOT active) AS idle_slots,
       (SELECT count(*)::int FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
       (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - (SELECT count(*)::int FROM pg_stat_activity WHERE ${IS_CLIENT})) AS free,
       pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create,
       session_user::text AS role,
       (SELECT CASE WHEN rolsuper THEN -1 ELSE rolconnlimit END FROM pg_roles WHERE rolname = session_user) AS role_limit,
       (SELECT CASE WHEN rolsuper THEN -1 ELSE datconnlimit END FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = session_user) AS database_limit,
       (SELECT count(*)::int FROM ${OTHERS} AND usename = session_user) AS role_sessions,
       (SELECT count(*)::int FROM ${OTHERS} AND datname = current_database()) AS database_sessions`,
  );
  const [row] = rows;
  return row === undefined
    ? []
    : [
        replication(row),
        slots(row),
        prepared(row),
        connections(row, target.database, CONNECTIONS_NEEDED + (copyOnTarget ? mostRestoreJobs() : 0)),
        await mayRehearse(open, row, target.user),
      ];
}

/** Of the sessions of other roles, a user without pg_read_all_stats sees neither the type nor the times. */
const IS_CLIENT = `usename IS NOT NULL AND datname IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'`;

/** The server hides times and lag of other roles from a user who is not a member of pg_read_all_stats. */
export function notVisible(whatIs: string, role: string): string {
  return `${whatIs} not visible to ${role}. As a superuser, run: GRANT pg_read_all_stats TO ${quoteIdentifier(role)};`;
}

/** Our own sessions are part of the needed number, and another run ends before this one continues. */
const OTHERS = `pg_stat_activity WHERE ${IS_CLIENT} AND application_name IS DISTINCT FROM current_setting('application_name')
         AND application_name !~ '^db-manager '`;

function replication({ replicas, lag, sees_all: seesAll, role }: Row): CheckResult {
  const { passed, warning } = resultsOf('replication');
  if (replicas === 0) return passed('no replica is connected');
  const hidden = seesAll ? '' : `. ${notVisible('Its lag is', role)}`;
  const behind = lag === null ? hidden : `, at most ${lag.toFixed(1)} s behind`;
  const message = `${count(replicas, 'replica')}${behind}`;
  if ((lag ?? 0) <= LAG_SECONDS) return passed(message);
  return warning(`${message}; the migration's writes add to this lag. Wait until the replica has caught up`);
}

function slots({ idle_slots: idle }: Row): CheckResult {
  const { passed, warning } = resultsOf('replication slots');
  if (idle === null) return passed('every slot has a consumer');
  return warning(
    `without a consumer: ${listNames(idle, 3)}. WAL accumulates until the slot is read or dropped, and a table rewrite may fill the disk`,
  );
}

function prepared({ prepared }: Row): CheckResult {
  const { passed, warning } = resultsOf('prepared transactions');
  if (prepared === 0) return passed('none');
  return warning(
    `${prepared} in this database hold their locks until they are committed or rolled back (pg_prepared_xacts)`,
  );
}

/** Limits of the role and of the database would stop the run in the middle; they do not apply to superusers. */
function connections(row: Row, database: string, needed: number): CheckResult {
  const { passed, warning, failed } = resultsOf('connections');
  const { free, role } = row;
  for (const [whose, limit, sessions] of [
    [`ROLE ${quoteIdentifier(role)}`, row.role_limit, row.role_sessions],
    [`DATABASE ${quoteIdentifier(database)}`, row.database_limit, row.database_sessions],
  ] as const) {
    if (limit < 0 || limit - sessions >= needed) continue;
    const used = sessions === 0 ? '' : `, ${sessions} of which others use`;
    return failed(
      `the limit of ${whose} is ${count(limit, 'connection')}${used}, but a run opens up to ${needed}. Run: ALTER ${whose} CONNECTION LIMIT ${sessions + needed};`,
    );
  }
  if (free > needed) return passed(`${free} free`);
  return warning(`only ${Math.max(0, free)} of max_connections are free, but a run opens up to ${needed}`);
}

/** On a private server the user needs no privilege; on the target's server it has to create a database. */
async function mayRehearse(open: PostgresConnection, { may_create: may }: Row, user: string): Promise<CheckResult> {
  const { passed, warning } = resultsOf('rehearsal privileges');
  try {
    const programs = await findServer(majorOf(open));
    await refuseWithoutFiles(open, programs);
    return passed(`a private server can be started here: ${programs.version}`);
  } catch (error) {
    if (!(error instanceof NoPrivateServer)) throw error;
    if (may !== false) return passed(`${user} can create a database for the copy`);
    return warning(
      `a rehearsal is not possible: ${error.message}; or, as a superuser, run: ALTER ROLE ${quoteIdentifier(user)} CREATEDB;`,
    );
  }
}

/** Of the extensions that the database has. Those that a migration creates are found by the rehearsal. */
async function refuseWithoutFiles(open: PostgresConnection, programs: Programs): Promise<void> {
  const { rows } = await open.client.query<{ name: string }>(
    'SELECT extname::text AS name FROM pg_extension ORDER BY 1',
  );
  const names = rows.map(({ name }) => name);
  const missing = await extensionsWithoutFiles(programs, names);
  if (missing.length > 0) throw withoutFiles(missing, majorOf(open));
}

/** The programs that take the backup and restore the copy. */
export async function clientCheck(open: PostgresConnection): Promise<CheckResult> {
  const { passed, failed } = resultsOf('client version');
  try {
    const { version } = await findClients(majorOf(open));
    return passed(version);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return failed(error.problem.message);
  }
}
