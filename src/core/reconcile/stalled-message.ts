import { REASONS, type Reason } from '../model/reason.ts';
import type { Failure } from '../model/report.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import { RETRY_ANNOTATION } from './inputs.ts';
import { clip } from './truncate.ts';

/** Of what happened, so that what to do is never cut off, in characters. */
const WHAT_HAPPENED = 500;
const STATEMENT = 160;

/** Where advice of the command line is of no use in a cluster. */
const IN_A_CLUSTER: Partial<Record<Reason, string>> = {
  ChecksumMismatch:
    'Undo the edit and write a new migration. To accept the file as it is, run `db-manager repair --accept-checksums` where the database can be reached.',
  MissingMigration: 'Put the file back into the source of the migrations, or deploy the image that has it.',
  InterruptedMigration: 'Look at the database, then run `db-manager repair` where the database can be reached.',
  UnknownTarget: 'Set spec.target to head, base or the name of a migration.',
  AmbiguousTarget: 'Set spec.target to more of the name.',
  AwaitingApproval: 'Set spec.approvedPlan to the digest of the plan.',
  DowngradeNotAllowed: 'Set spec.allowDowngrade to true if reverting is what you want.',
};

/**
 * The message of `Stalled`, which is also what kstatus tools print: what happened and where, what a person has to do,
 * once, and the command that runs it again as it is. A message that has a command of its own stays as it is.
 */
export function whatToDo({ metadata }: DatabaseMigration, reason: Reason, message: string, failure?: Place): string {
  if (message.includes('kubectl ')) return message;
  const namespace = metadata.namespace === undefined ? '' : ` -n ${metadata.namespace}`;
  const again = `kubectl annotate dbm ${metadata.name}${namespace} ${RETRY_ANNOTATION}="$(date +%s)" --overwrite`;
  const happened = happenedAt(withoutAdvice(message), failure, WHAT_HAPPENED);
  return [happened, adviceFor(reason), `To run it again as it is: ${again}`].filter((text) => text !== '').join(' ');
}

export type Place = Pick<Failure, 'migration' | 'statement' | 'position'>;

/** What happened, in which migration and line, and the statement. */
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

/** The sentences before the first that gives advice for a shell: what to do in a cluster follows. */
function withoutAdvice(message: string): string {
  const shell = message.search(/`?db-manager [a-z]/);
  if (shell < 0) return message;
  const end = message.lastIndexOf('. ', shell);
  return end < 0 ? message : message.slice(0, end + 1);
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
