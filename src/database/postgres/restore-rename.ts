import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../core/model/problem.ts';
import type { KeptDatabase, RestoreBackupOptions } from '../port.ts';
import type { DatabaseProperties } from './catalogue/database.ts';
import type { PostgresConnection } from './connection.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { dropDatabase, MAY_TERMINATE } from './drop-database.ts';
import { keptComment, keptName } from './kept-databases.ts';
import { literal } from './restore-script.ts';
import { settleSessions } from './restore-sessions.ts';

interface Swap {
  /** The filled database. */
  name: string;
  properties: DatabaseProperties;
  options: RestoreBackupOptions;
}

/**
 * Gives the new database the name of the old one, in one transaction. RENAME waits five seconds for the sessions of a
 * database and rejects new ones during the wait, so sessions that may be terminated are terminated then. The replaced
 * database is kept, unless it is empty.
 */
export async function swap(open: PostgresConnection, admin: Client, work: Swap): Promise<KeptDatabase | undefined> {
  const { database } = open.target;
  const { properties, options } = work;
  await settleSessions(open, options);
  const now = new Date();
  const kept = keptName(database, now);
  const old = await aboutOld(open);
  const final = quoteIdentifier(database);
  await open.release();
  let renamed = false;
  const ended = terminateSessions(open, options.terminateSessions === true, () => renamed);
  try {
    await admin.query('BEGIN');
    await admin.query(`ALTER DATABASE ${final} RENAME TO ${quoteIdentifier(kept)}`);
    await admin.query(`ALTER DATABASE ${quoteIdentifier(work.name)} RENAME TO ${final}`);
    await admin.query(
      `ALTER DATABASE ${final} WITH CONNECTION LIMIT ${properties.connectionLimit} ALLOW_CONNECTIONS ${properties.allowConnections} IS_TEMPLATE ${properties.isTemplate}`,
    );
    await admin.query(
      `COMMENT ON DATABASE ${quoteIdentifier(kept)} IS ${literal(keptComment(open.identity.id, now, old.comment))}`,
    );
    await admin.query('COMMIT');
  } catch (error) {
    await admin.query('ROLLBACK').catch(() => {});
    throw renameProblem(error, open);
  } finally {
    renamed = true;
    await ended;
    await open.renew();
  }
  if (old.empty) {
    await dropDatabase(admin, kept);
    return undefined;
  }
  options.onMessage?.(
    `The previous database is kept as ${kept}. To drop it: DROP DATABASE ${quoteIdentifier(kept)}; \`db-manager prune\` drops it after backups.retain.days.`,
  );
  return { name: kept, sizeBytes: old.sizeBytes, replacedAt: now.toISOString() };
}

async function aboutOld({
  client,
}: PostgresConnection): Promise<{ empty: boolean; sizeBytes: number; comment: string | null }> {
  const { rows } = await client.query<{ empty: boolean; size: string; comment: string | null }>(
    `SELECT pg_database_size(oid)::text AS size, shobj_description(oid, 'pg_database') AS comment,
       NOT EXISTS (SELECT FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f'))
         AND NOT EXISTS (SELECT FROM pg_proc WHERE oid >= 16384) AND NOT EXISTS (SELECT FROM pg_largeobject_metadata) AS empty
     FROM pg_database WHERE datname = current_database()`,
  );
  const [row] = rows;
  return { empty: row?.empty === true, sizeBytes: Number(row?.size ?? 0), comment: row?.comment ?? null };
}

/** Always our own sessions; other sessions only if requested. Until the rename has finished. */
async function terminateSessions(open: PostgresConnection, others: boolean, over: () => boolean): Promise<void> {
  const helper = await open.another('db-manager restore', 'template1').catch(() => undefined);
  if (helper === undefined) return;
  try {
    while (!over()) {
      await helper
        .query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity a
            WHERE datname = $1 AND pid <> pg_backend_pid() AND ${MAY_TERMINATE} AND ($2 OR (usename = current_user AND application_name LIKE 'db-manager%'))`,
          [open.target.database, others],
        )
        .catch(() => {});
      await sleep(100);
    }
  } finally {
    await helper.end().catch(() => {});
  }
}

function renameProblem(error: unknown, { identity }: PostgresConnection): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== '55006') return error;
  const message = `A session connected to ${identity.display} during the restore: ${error.message}. The database is unchanged. Stop the application, or pass --terminate-sessions to terminate its sessions.`;
  return new ProblemError({ reason: 'ActiveSessions', message, code: '55006' }, { cause: error });
}
