import type { Reason } from './reason.ts';

const annotate = (annotation: string) => `kubectl annotate dbm NAME -n NAMESPACE ${annotation} --overwrite`;
const patch = (spec: object) => `kubectl patch dbm NAME -n NAMESPACE --type merge -p '${JSON.stringify({ spec })}'`;
const repair = (action: string) => annotate(`db-manager.dev/repair=${action}:DIGEST`);

/** Starts a run with the same inputs. */
export const RETRY_COMMAND = annotate('db-manager.dev/retry="$(date +%s)"');
/** Deletes old backups, by `spec.backup.retain`, before the next backup. */
export const PRUNE_COMMAND = annotate('db-manager.dev/prune="$(date +%s)"');

/**
 * What a person does in a cluster, as commands that need no shell in a pod. `NAME` and `NAMESPACE` are those of the
 * resource; `DIGEST` is in the message of the resource. It replaces the `help` of the reason in the status of a resource.
 */
export const CLUSTER_ADVICE: Partial<Record<Reason, string>> = {
  RetryLimitReached: `Fix the cause. A change of a Secret, a ConfigMap or a claim that the run uses starts an attempt automatically. Otherwise: ${RETRY_COMMAND}`,
  Suspended: `To continue: ${patch({ suspend: false })}`,
  AuthenticationFailed:
    'Correct the user or the Secret with the password. After a change of the Secret, an attempt starts automatically.',
  DatabaseUnreachable:
    'Check host, port and network. After a change of the Secret with the URL, an attempt starts automatically.',
  DatabaseNotFound: `Correct its name. A run creates a SQLite file, a dry run does not. To create a PostgreSQL database: ${patch({ database: { create: true } })}`,
  ConnectionLost: 'See the server log. The next run resumes from the migration history.',
  LockHeld: 'Wait for the run that the message names.',
  ChecksumMismatch: `Undo the edit and write a new migration. To accept the file as it is: ${repair('accept-checksums')}`,
  MissingMigration: `Restore the file, or deploy the image that contains it. To remove it from the history: ${repair('remove-missing')}`,
  InterruptedMigration: `Inspect the database. If the migration is completely applied: ${repair('applied')} If nothing of it is applied: ${repair('not-applied')}`,
  OutOfOrder: `Rename the file so that it comes last, or allow it: ${patch({ outOfOrder: 'Allow' })}`,
  UnknownTarget: `Set the target to head, base or the name of a migration: ${patch({ target: 'head' })}`,
  AmbiguousTarget: `Set the target to a longer prefix of the name: ${patch({ target: 'REVISION' })}`,
  DowngradeNotAllowed: `To allow the downgrade: ${patch({ allowDowngrade: true })}`,
  AwaitingApproval: `Read the plan, then approve it: ${patch({ approvedPlan: 'DIGEST' })}`,
  PlanChanged: `Read the new plan, then approve it: ${patch({ approvedPlan: 'DIGEST' })}`,
  UnsafePlan: `Follow the advice of the finding: kubectl describe dbm NAME -n NAMESPACE`,
  MigrationFailed: 'Correct the migration. A new run starts when its ConfigMap or image changes.',
  RehearsalFailed: 'Correct the migration. A new run starts when its ConfigMap or image changes.',
  RowsLost:
    'Correct the migration. A new run starts when its ConfigMap or image changes. If the rows are to be deleted, add observed-rows-lost to spec.safety.ignore: kubectl edit dbm NAME -n NAMESPACE',
  CheckNotTrue: `Run the query that the message names. Correct the data, the migration or spec.checks. After a change of the data: ${RETRY_COMMAND}`,
  NoSpace: `Enlarge the volume; an attempt then starts automatically. To delete old backups and start one: ${PRUNE_COMMAND}`,
  BackupFailed: 'Fix the problem named in the message.',
  ActiveSessions: `Close the sessions, or allow the run to terminate them: ${patch({ terminateSessions: true })}`,
  LockTimeout: `End the transaction that blocks it, or raise the timeout: ${patch({ timeouts: { lock: '30s' } })}`,
  StatementTimeout: `Split the work, or raise the timeout: ${patch({ timeouts: { statement: '10m' } })}`,
  DeadlineExceeded: `The next run resumes from the migration history. To raise the timeout: ${patch({ timeouts: { run: '2h' } })}`,
  RehearsalImpossible: `Grant the missing permission or free the disk space, or disable the rehearsal: ${patch({ safety: { rehearsal: 'Disabled' } })}`,
  RoundTripFailed: `Correct the down, or turn the round trip off: ${patch({ safety: { roundTrip: false } })}`,
  ReportUnreadable:
    'The next attempt starts from the history of the database. Read the log: kubectl logs -n NAMESPACE -l db-manager.dev/name=NAME',
  JobRefused: 'See the message for the cause: a quota, an admission policy or missing permissions.',
  Interrupted: 'The next run resumes from the migration history.',
};

/** The advice with the names of a resource in place of `NAME` and `NAMESPACE`. */
export function adviceFor(text: string, { name, namespace }: { name: string; namespace?: string }): string {
  const there = namespace === undefined ? text.replaceAll(' -n NAMESPACE', '') : text;
  return there.replaceAll('NAMESPACE', namespace ?? '').replaceAll(/\bNAME\b/g, name);
}
