import { clip } from '../model/clip.ts';
import { adviceFor, CLUSTER_ADVICE, RETRY_COMMAND } from '../model/cluster-advice.ts';
import type { Problem } from '../model/problem.ts';
import { REASONS, type Reason } from '../model/reason.ts';
import type { DatabaseMigration } from '../model/resource.ts';

/** Longest description of the failure, so that the advice is never cut off. Characters. */
const WHAT_HAPPENED = 500;
const STATEMENT = 160;
/** Their messages are words of a migration: a command in them is not our advice. */
const FOREIGN: ReadonlySet<Reason> = new Set(['MigrationFailed', 'RehearsalFailed']);

/**
 * The message of `Stalled`, which kstatus tools also print: what happened and where, what a person has to do, once, and
 * the command that retries without a change. A message of ours that already contains a command is kept.
 */
export function whatToDo({ metadata }: DatabaseMigration, reason: Reason, message: string, failure?: Place): string {
  if (message.includes('kubectl ') && !FOREIGN.has(reason)) return message;
  const happened = happenedAt(withoutAdvice(message), failure, WHAT_HAPPENED);
  const help = CLUSTER_ADVICE[reason] ?? REASONS[reason].help;
  const advice = [help === 'Nothing.' ? '' : help, `To retry without changes: ${RETRY_COMMAND}`];
  return [happened, ...advice.map((text) => adviceFor(text, metadata))].filter((text) => text !== '').join(' ');
}

type Place = Pick<Problem, 'migration' | 'statement' | 'position'>;

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

/** The sentences before the first one with a shell command: advice for a cluster replaces the rest. */
export function withoutAdvice(message: string): string {
  const shell = message.search(/`?db-manager [a-z]|or pass --[a-z]/);
  if (shell < 0) return message;
  const end = message.lastIndexOf('. ', shell);
  return end < 0 ? message : message.slice(0, end + 1);
}

/** A stop behind a command would be copied with it. */
function sentence(text: string): string {
  const command = text.slice(text.lastIndexOf('kubectl '));
  const endsWithCommand = text.includes('kubectl ') && !/[.!?…] /.test(command);
  return endsWithCommand || /[.!?…]$/.test(text) ? text : `${text}.`;
}
