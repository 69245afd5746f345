import type { Problem } from '../../core/model/problem.ts';
import type { Reason } from '../../core/model/reason.ts';
import { joinSentences } from '../../core/model/sentences.ts';
import { few } from '../run-text.ts';
import type { CommandResult } from './host.ts';
import type { SentRecord } from './record.ts';

/** The last error of the database, as the server wrote it. */
function databaseError({ lastError }: SentRecord): Pick<Problem, 'code' | 'statement'> & { text?: string } {
  if (lastError === undefined) return {};
  const { error, statement } = lastError;
  return { text: joinSentences(error.message, error.detail), code: error.code, statement };
}

/** For a command that succeeded: some tools go on after an error, and some expect one. */
export function rejected(sent: SentRecord): string[] {
  const { text } = databaseError(sent);
  return text === undefined ? [] : [`the command succeeded although the database rejected a statement: ${text}`];
}

/** Why the command failed: the error of the database, else its own last words. */
export function commandProblem(reason: Reason, result: CommandResult, sent: SentRecord, where: string): Problem {
  const { text, code, statement } = databaseError(sent);
  const words = lastWords(result.lines);
  const why = text ?? words;
  return {
    reason,
    message: `${result.ending} (${where})${why === undefined ? '' : `: ${why}`}`,
    ...(code === undefined || code === '' ? {} : { code }),
    ...(statement === undefined ? {} : { statement }),
  };
}

/** Many programs print hints, stack traces or their version after the error. */
function lastWords(lines: readonly string[]): string | undefined {
  const spoken = lines.map((line) => line.trim()).filter((line) => line !== '');
  const isError = (line: string) =>
    /error|exception|fatal|fail|cannot|denied|refused|not found/i.test(line) &&
    !/^(?:at |\(Background on|For more information|Node\.js v|npm (?:err|error)!?\b)/i.test(line) &&
    // A property of an error that Node.js printed: `code: 'ERR_DLOPEN_FAILED'`.
    !/^(?!error|fatal|exception)[a-z]\w*: (?:['"[{]|-?\d|undefined|null|true|false)/.test(line);
  return spoken.findLast(isError) ?? spoken.at(-1);
}

/** A prepared transaction holds its locks until it is ended, also after a restart of the server. */
export function preparedProblem(reason: Reason, names: readonly string[], place: 'copy' | 'target'): Problem {
  const which = `${names.length === 1 ? 'a prepared transaction' : `${names.length} prepared transactions`} (${few(names)})`;
  const what =
    place === 'copy'
      ? 'The target was not changed. There, the transaction would hold its locks until it is ended. End it in the migration'
      : 'It holds its locks until it is ended';
  const [name = ''] = names;
  return {
    reason,
    message: `The command ended and left ${which} on the ${place}. ${what}: COMMIT PREPARED '${name}' or ROLLBACK PREPARED '${name}'.`,
  };
}
