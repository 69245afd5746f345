import { REASONS, type Reason } from '../model/reason.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import { joinSentences } from '../model/sentences.ts';
import { clip } from './clip.ts';
import { RETRY_ANNOTATION } from './inputs.ts';

/** Room for what happened, so that what to do is never cut off, in characters. */
const WHAT_HAPPENED = 600;

/**
 * The message of `Stalled`, which is also what kstatus tools print: what happened, what a person has to do, and the
 * command that runs it again as it is. A message that has a command of its own stays as it is.
 */
export function whatToDo({ metadata }: DatabaseMigration, reason: Reason, message: string): string {
  if (message.includes('kubectl ')) return message;
  const { help } = REASONS[reason];
  const namespace = metadata.namespace === undefined ? '' : ` -n ${metadata.namespace}`;
  const again = `kubectl annotate dbm ${metadata.name}${namespace} ${RETRY_ANNOTATION}="$(date +%s)" --overwrite`;
  const what = joinSentences(
    clip(message, WHAT_HAPPENED),
    help === 'Nothing.' ? undefined : help,
    'To run it again as it is',
  );
  return `${what.replace(/\.$/, '')}: ${again}`;
}
