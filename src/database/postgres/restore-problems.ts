import type { Backup } from '../../core/model/backup.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresConnection } from './connection.ts';
import { errorIn } from './dump-program.ts';

export function refuseOtherFormat({ identity }: PostgresConnection, { manifest }: Backup): void {
  if (manifest.dialect === 'postgres') return;
  throw new ProblemError({
    reason: 'BackupMismatch',
    message: `${manifest.name} is a backup of ${manifest.dialect} and cannot be restored to ${identity.display}.`,
  });
}

/** The error of a PostgreSQL program, as a problem. */
export function restoreProblem(stderr: string, name: string, { identity }: PostgresConnection): ProblemError {
  const text = errorIn(stderr).replace(/\.$/, '');
  const asBefore = `${identity.display} is unchanged.`;
  if (/No space left on device|could not extend file/.test(stderr)) {
    return new ProblemError({
      reason: 'NoSpace',
      message: `The server's disk is full: ${text}. ${asBefore} A restore temporarily needs disk space for both copies.`,
    });
  }
  if (/canceling statement due to lock timeout/.test(stderr)) {
    return new ProblemError({
      reason: 'ActiveSessions',
      message: `A table is in use by a session that connected during the restore: ${text}. ${asBefore}`,
    });
  }
  if (/server closed the connection|connection to server was lost|terminating connection/.test(stderr)) {
    return new ProblemError({
      reason: 'ConnectionLost',
      message: `The connection was lost while ${name} was restored: ${text}. ${identity.display} contains either the previous state or the complete backup.`,
    });
  }
  if (/out of shared memory/.test(stderr)) {
    return new ProblemError({
      reason: 'RestoreFailed',
      message: `${name} could not be restored in one transaction: the server has too few locks. ${asBefore} Restore as a role that owns the database and has CREATEDB, or raise max_locks_per_transaction on the server and restart it.`,
    });
  }
  return new ProblemError({ reason: 'RestoreFailed', message: `${name} could not be restored: ${text}. ${asBefore}` });
}

/** How many differences a message lists. */
const LISTED = 20;

export function incomplete(differences: string[], name: string, { identity }: PostgresConnection): ProblemError {
  const listed = differences.slice(0, LISTED).join('; ');
  const more = differences.length > LISTED ? `; and ${differences.length - LISTED} more` : '';
  return new ProblemError({
    reason: 'RestoreIncomplete',
    message: `The content restored from ${name} differs from the backup: ${listed}${more}. ${identity.display} is unchanged.`,
  });
}
