/** What a failed backup or restore says: what happened, what it means for the database and the backups, what to type. */
import { adviceFor } from '../core/model/cluster-advice.ts';
import { REASONS, type Reason } from '../core/model/reason.ts';
import { withoutAdvice } from '../core/reconcile/stalled-message.ts';
import type { Resource } from './kind.ts';

/** The spec cannot be changed, so the resource is created again, with this change. */
const again = (edit?: [from: string, to: string]) =>
  `kubectl get SHORT NAME -n NAMESPACE -o json ${edit === undefined ? '' : `| sed 's/${edit[0]}/${edit[1]}/' `}| kubectl replace --force -f -`;

/** Instead of the help of the reason, which is for the command line. */
const ADVICE: Partial<Record<Reason, string>> = {
  ActiveSessions: `Stop the application, then restore again. To terminate the sessions instead: ${again(['"terminateSessions": false', '"terminateSessions": true'])}`,
  BackupMismatch: `If the backup of the other database is wanted: ${again(['"into": "Same"', '"into": "Other"'])}`,
  BackupNotFound: 'Create a DatabaseRestore of another backup.',
  BackupInvalid: 'Use another backup.',
  DecryptionFailed: 'Correct spec.encryption.identityFrom, or the Secret that it names.',
  ObjectStoreDenied: 'Correct the Secret of spec.objectStore.credentialsFrom, or the policy of the bucket.',
  CredentialsExpired: 'Renew the Secret of spec.objectStore.credentialsFrom.',
  NoSpace: 'Enlarge the volume or the object store, or delete old backups with spec.retain of the next backup.',
  DeadlineExceeded: 'Raise spec.timeout.',
  RunLost: 'See the events of the pod and of its node.',
};

const SHORT: Record<string, string> = { DatabaseBackup: 'dbb', DatabaseRestore: 'dbr' };

/** A message of ours that ends with a command is not copied with a stop behind it. */
export function failureText({ kind, metadata }: Resource, reason: Reason, message: string): string {
  const help = REASONS[reason].help;
  // Commands of the command line do not help in a cluster.
  const advice = ADVICE[reason] ?? (/db-manager [a-z]|--[a-z]|^Nothing\.$/.test(help) ? '' : help);
  const retry = advice.includes('kubectl replace') ? [] : [`To try again: ${again()}`];
  return [withoutAdvice(message), advice, ...retry]
    .filter((text) => text !== '')
    .map((text) => adviceFor(text.replaceAll('SHORT', SHORT[kind] ?? kind.toLowerCase()), metadata))
    .join(' ');
}
