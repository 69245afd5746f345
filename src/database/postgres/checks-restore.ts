import type { CheckResult } from '../../core/model/finding.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { CheckContext } from '../port.ts';
import type { PostgresConnection } from './connection.ts';
import { lockShortage } from './locks-needed.ts';
import { CannotSwap, refuseWithoutRights } from './restore-new-database.ts';
import { refuseReplication } from './restore-replication.ts';
import { otherSessions } from './restore-sessions.ts';

/** Whether `onFailure: Restore` could restore now: after a failure it would be too late to find out. */
export async function restoreCheck(
  open: PostgresConnection,
  { terminateSessions }: NonNullable<CheckContext['restore']>,
): Promise<CheckResult> {
  const name = 'onFailure: Restore';
  try {
    await refuseReplication(open);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { name, result: 'failed', message: error.problem.message.replace(/\.$/, '') };
  }
  const shortage = await lockShortage(open.client);
  if (shortage !== undefined && !(await canSwap(open))) return { name, result: 'failed', message: shortage };
  const sessions = await otherSessions(open);
  if (sessions === undefined) return { name, result: 'passed', message: 'no other session is connected' };
  if (terminateSessions) return { name, result: 'passed', message: `a restore terminates the sessions of ${sessions}` };
  return {
    name,
    result: 'failed',
    message: `${sessions} would block the restore. Stop the application before the run, or allow db-manager to terminate its sessions: terminateSessions: true`,
  };
}

async function canSwap(open: PostgresConnection): Promise<boolean> {
  try {
    await refuseWithoutRights(open);
    return true;
  } catch (error) {
    if (error instanceof CannotSwap) return false;
    throw error;
  }
}
