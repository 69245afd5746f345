import { type CheckResult, resultsOf } from '../../core/model/finding.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { CheckContext } from '../port.ts';
import type { PostgresConnection } from './connection.ts';
import { lockShortage } from './locks-needed.ts';
import { CannotSwap, refuseWithoutPrivileges } from './restore-new-database.ts';
import { refuseReplication } from './restore-replication.ts';
import { otherSessions } from './restore-sessions.ts';

/** Whether `onFailure: Restore` could restore now: after a failure it would be too late to find out. */
export async function restoreCheck(
  open: PostgresConnection,
  { terminateSessions }: NonNullable<CheckContext['restore']>,
): Promise<CheckResult> {
  const { passed, failed } = resultsOf('onFailure: Restore');
  try {
    await refuseReplication(open);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return failed(error.problem.message.replace(/\.$/, ''));
  }
  const shortage = await lockShortage(open.client);
  const inPlace = !(await canSwap(open));
  if (shortage !== undefined && inPlace) return failed(shortage);
  const published = inPlace ? await publishedByOthers(open) : undefined;
  if (published !== undefined) {
    return failed(
      `${published} belongs to another role, and a restore in place would remove tables from it that ${open.target.user} may not add again. Use a role with CREATEDB, a superuser, or onFailure: Keep`,
    );
  }
  const sessions = await otherSessions(open);
  if (sessions === undefined) return passed('no other session is connected');
  if (terminateSessions) return passed(`a restore terminates the sessions of ${sessions}`);
  return failed(
    `${sessions} would block the restore. Stop the application before the run, or allow db-manager to terminate its sessions: terminateSessions: true`,
  );
}

async function canSwap(open: PostgresConnection): Promise<boolean> {
  try {
    await refuseWithoutPrivileges(open);
    return true;
  } catch (error) {
    if (error instanceof CannotSwap) return false;
    throw error;
  }
}

/** A publication of another role that names tables which are dropped and created again. */
async function publishedByOthers({ client }: PostgresConnection): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT 'the publication ' || quote_ident(pubname) AS name FROM pg_publication p
      WHERE NOT pg_has_role(pubowner, 'USAGE') AND EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid) LIMIT 1`,
  );
  return rows[0]?.name;
}
