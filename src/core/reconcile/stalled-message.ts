import { REASONS, type Reason } from '../model/reason.ts';
import type { Problem } from '../model/problem.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import { RETRY_ANNOTATION } from './inputs.ts';
import { clip } from './truncate.ts';

/** Longest description of the failure, so that the advice is never cut off. Characters. */
const WHAT_HAPPENED = 500;
const STATEMENT = 160;

/** Replaces advice for the command line that is not useful in a cluster. */
const IN_A_CLUSTER: Partial<Record<Reason, string>> = {
  ChecksumMismatch:
    'Undo the edit and write a new migration. To accept the file as it is, run `db-manager repair --accept-checksums` from a host that can reach the database.',
  MissingMigration: 'Restore the file in the source of the migrations, or deploy an image that contains it.',
  InterruptedMigration: 'Inspect the database, then run `db-manager repair` from a host that can reach it.',
  UnknownTarget: 'Set spec.target to head, base or the name of a migration.',
  AmbiguousTarget: 'Set spec.target to a longer prefix of the name.',
  AwaitingApproval: 'Set spec.approvedPlan to the digest of the plan.',
  DowngradeNotAllowed: 'Set spec.allowDowngrade to true to allow the downgrade.',
};

/**
 * The message of `Stalled`, which kstatus tools also print: what happened and where, what a person has to do, once, and
 * the command that retries without a change. A message that already contains a command is kept.
 */
export function whatToDo({ metadata }: DatabaseMigration, reason: Reason, message: string, failure?: Place): string {
  if (message.includes('kubectl ')) return message;
  const namespace = metadata.namespace === undefined ? '' : ` -n ${metadata.namespace}`;
  const again = `kubectl annotate dbm ${metadata.name}${namespace} ${RETRY_ANNOTATION}="$(date +%s)" --overwrite`;
  const happened = happenedAt(withoutAdvice(message), failure, WHAT_HAPPENED);
  return [happened, adviceFor(reason), `To retry without changes: ${again}`].filter((text) => text !== '').join(' ');
}

export type Place = Pick<Problem, 'migration' | 'statement' | 'position'>;

/** What happened, with the migration, the line and the statement. */
export function happenedAt(message: string, failure: Place | undefined, longest: number): string {
  const { migration, position, statement } = failure ?? {};
  const file = position === undefined ? '' : `${position.file}:${position.line}:${position.column}`;
  const at = [migration, file].filter((name) => name && !message.includes(name)).join(', ');
  const spoken = statement?.replace(/\s+/g, ' ').trim();
  const sql =
    spoken === undefined || message.includes(spoken.slice(0, 40)) ? '' : ` Statement: ${clip(spoken, STATEMENT)}`;
  const place = at === '' ? '' : ` At ${at}.`;
  return `${sentence(clip(message, longest))}${clip(place, 200)}${sql}${sql === '' || /[.;…]$/.test(sql) ? '' : '.'}`;
}

function adviceFor(reason: Reason): string {
  const help = IN_A_CLUSTER[reason] ?? REASONS[reason].help;
  return help === 'Nothing.' ? '' : help;
}

/** The sentences before the first one with a shell command: advice for a cluster replaces the rest. */
function withoutAdvice(message: string): string {
  const shell = message.search(/`?db-manager [a-z]/);
  if (shell < 0) return message;
  const end = message.lastIndexOf('. ', shell);
  return end < 0 ? message : message.slice(0, end + 1);
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
