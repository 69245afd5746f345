import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../core/model/problem.ts';
import { listNames } from '../../core/planning/names.ts';
import type { RestoreBackupOptions } from '../port.ts';
import type { PostgresConnection } from './connection.ts';

interface Session {
  pid: number;
  who: string;
}

const END_WAIT_MS = 10_000;

/** Fails if other sessions use the database, naming them, or terminates them if requested. Throws ActiveSessions. */
export async function settleSessions(open: PostgresConnection, options: RestoreBackupOptions): Promise<void> {
  const others = await sessions(open);
  if (others.length === 0) return;
  const { database } = open.target;
  if (!options.terminateSessions) {
    throw new ProblemError({
      reason: 'ActiveSessions',
      message: `${database} is used by ${named(others)}. Stop them, or pass --terminate-sessions to terminate them.`,
    });
  }
  const deadline = performance.now() + END_WAIT_MS;
  for (let left = others; left.length > 0; left = await sessions(open)) {
    if (performance.now() > deadline) {
      throw new ProblemError({
        reason: 'ActiveSessions',
        message: `${database} is still used by ${named(left)}: they reconnect as soon as they are terminated. Stop their programs first.`,
      });
    }
    for (const session of left) await end(open, session);
    await sleep(100);
  }
  options.onMessage?.(`Terminated ${named(others)}.`);
}

/** The sessions of others, named; undefined if there are none. */
export async function otherSessions(open: PostgresConnection): Promise<string | undefined> {
  const others = await sessions(open);
  return others.length === 0 ? undefined : named(others);
}

async function end({ client }: PostgresConnection, { pid, who }: Session): Promise<void> {
  try {
    await client.query('SELECT pg_terminate_backend($1)', [pid]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `The session ${who} could not be terminated (${why}). Stop its program, or run as a superuser: SELECT pg_terminate_backend(${pid});`;
    throw new ProblemError({ reason: 'ActiveSessions', message }, { cause: error });
  }
}

/** Sessions of others. Ours have our application's name: the lock's connection and the pool do not block the restore. */
async function sessions({ client }: PostgresConnection): Promise<Session[]> {
  const { rows } = await client.query<Session>(
    `SELECT pid, concat_ws(' ', quote_ident(coalesce(nullif(application_name, ''), 'a program')),
              'of', usename, 'from ' || host(client_addr), '(backend ' || pid || ')') AS who
       FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
        AND coalesce(backend_type, 'client backend') = 'client backend'
        AND NOT (usename = session_user
                 AND (application_name LIKE 'db-manager%' OR application_name = current_setting('application_name')))
      ORDER BY backend_start`,
  );
  return rows;
}

function named(list: Session[]): string {
  return listNames(list.map(({ who }) => who));
}
