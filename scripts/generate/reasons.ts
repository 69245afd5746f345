import { CLUSTER_ADVICE, PRUNE_COMMAND, RETRY_COMMAND } from '../../src/core/model/cluster-advice.ts';
import { REASONS, type Reason } from '../../src/core/model/reason.ts';

const EXITS = ['done', 'failed', 'usage', 'pending or different', 'blocked until a person acts'];

/** `docs/reference/reasons.md`: one heading a reason, so that the word in a condition can be looked up. */
export function reasonsPage(note: string): string {
  const sections = Object.entries(REASONS).map(
    ([reason, { exit, means, help }]) =>
      `## ${reason}\n\n${means}\n\n**What to do.** ${help}\n\n${inCluster(reason as Reason)}Exit code ${exit} (${EXITS[exit]}).\n`,
  );
  return [
    `<!-- ${note} -->`,
    '# Reasons',
    '',
    'Every outcome has one reason. It is used in conditions and events, and as `reason` in logs, metrics and JSON. It also',
    'decides the exit code of the command line.',
    '',
    '## Commands in a cluster',
    '',
    'No command needs a shell in a pod. The message of `Stalled` has the command with all names and digests filled in.',
    '',
    '```text',
    '# Start a run now, with the same inputs: also during a backoff, and after RetryLimitReached.',
    RETRY_COMMAND,
    '# Delete old backups by spec.backup.retain, before the next backup.',
    PRUNE_COMMAND,
    '# Repair the history, as the message of the last failure says. ACTION: accept-checksums, remove-missing, applied, not-applied.',
    'kubectl annotate dbm NAME -n NAMESPACE db-manager.dev/repair=ACTION:DIGEST --overwrite',
    '```',
    '',
    'The digest of a repair belongs to one state of the history. An old annotation has no effect on another state.',
    '',
    'After `RetryLimitReached`, a change of a Secret, a ConfigMap or a claim that the run used starts one more attempt',
    'automatically. Soon after the failure it starts within seconds, later within five minutes. For Secrets the operator',
    'needs the permission `get` ([rbac.md](../operations/rbac.md)); it requests metadata only.',
    '',
    sections.join('\n'),
  ].join('\n');
}

/** Each command as code: a command ends at the end of the text or before the next alternative. */
function inCluster(reason: Reason): string {
  const text = CLUSTER_ADVICE[reason];
  if (text === undefined || text === REASONS[reason].help) return '';
  return `**In a cluster.** ${text.replace(/kubectl .*?(?= If |$)/g, (command) => `\`${command}\``)}\n\n`;
}
