import { ProblemError } from '../../core/model/problem.ts';

/** Comments, strings, quoted names and dollar-quoted bodies: nothing in them is a statement. What is not ended runs to the end. */
const OPAQUE =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\be'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$(?<tag>(?:[A-Za-z_]\w{0,62})?)\$[\s\S]*?(?:\$\k<tag>\$|$)/gi;

/**
 * Throws where code would end the transaction that its migration runs in, also from inside a text of several
 * statements: the first half would be committed without its history row. SQL files are looked at when they are read.
 */
export function refuseControl(sql: string): void {
  if (!/\b(?:begin|start|commit|end|rollback|abort|prepare)\b/i.test(sql)) return;
  const text = sql.replace(OPAQUE, ' ');
  // The body of a function in the SQL standard's form has statements and an END of its own.
  if (/\bbegin\s+atomic\b/i.test(text)) return;
  for (const statement of text.split(';')) {
    const [first = '', second = '', third = ''] = statement.trim().toUpperCase().split(/\s+/);
    const ends =
      ['BEGIN', 'COMMIT', 'END', 'ABORT'].includes(first) ||
      (first === 'START' && second === 'TRANSACTION') ||
      (first === 'PREPARE' && second === 'TRANSACTION') ||
      (first === 'ROLLBACK' && second !== 'TO' && third !== 'TO');
    if (ends) throw refused(first);
  }
}

function refused(command: string): ProblemError {
  return new ProblemError({
    reason: 'MigrationFailed',
    message: `${command} does not belong here: the migration already runs in a transaction, which commits with its history row. Take it out, or opt out with: export const transaction = false`,
  });
}
