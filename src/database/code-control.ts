import { ProblemError } from '../core/model/problem.ts';

/** Comments, strings, quoted names and dollar-quoted bodies: they contain no statements. */
const OPAQUE =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\be'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$(?<tag>(?:[A-Za-z_]\w*)?)\$[\s\S]*?\$\k<tag>\$/gi;

const MARK = 'db_manager_begin';

interface CodeControl {
  /**
   * The text with its BEGIN and COMMIT replaced by savepoints inside the migration's transaction: what it commits or
   * rolls back becomes durable, or not, together with the history row. Throws ProblemError MigrationFailed if it would end
   * a transaction that it has not started: the first half would be committed without its row.
   */
  join(sql: string): string;
  /** Whether it has started a transaction and not ended it. */
  open(): boolean;
}

/** Transaction control in the queries of one code migration. SQL files are checked when they are read. */
export function codeControl(): CodeControl {
  let open = false;
  const replacement = (statement: string): string | undefined => {
    const words = statement.trim().toUpperCase().split(/\s+/);
    const [first = '', second = '', third = ''] = words;
    if (first === 'PREPARE' && second === 'TRANSACTION') throw refused('PREPARE TRANSACTION');
    if (first === 'BEGIN' || (first === 'START' && second === 'TRANSACTION')) {
      // Inside a transaction PostgreSQL warns and does nothing.
      const text = open ? 'SELECT 1' : `SAVEPOINT ${MARK}`;
      open = true;
      return text;
    }
    const back = first === 'ABORT' || (first === 'ROLLBACK' && second !== 'TO' && third !== 'TO');
    if (first !== 'COMMIT' && first !== 'END' && !back) return undefined;
    if (!open || second === 'PREPARED') throw refused(first);
    open = words.includes('CHAIN') && !words.includes('NO');
    const undo = back ? `ROLLBACK TO SAVEPOINT ${MARK}; ` : '';
    return `${undo}RELEASE SAVEPOINT ${MARK}${open ? `; SAVEPOINT ${MARK}` : ''}`;
  };
  return {
    join(sql) {
      if (!/\b(?:begin|start|commit|end|rollback|abort|prepare)\b/i.test(sql)) return sql;
      const masked = sql.replace(OPAQUE, (text) => ' '.repeat(text.length));
      // A function body in the form of the SQL standard has its own statements and END; so has a trigger's body.
      if (/\bbegin\s+atomic\b|\bcreate\s+(?:temp\w*\s+)?trigger\b/i.test(masked)) return sql;
      let at = 0;
      let joined = '';
      for (const statement of masked.split(';')) {
        const original = sql.slice(at, at + statement.length);
        joined += `${at === 0 ? '' : ';'}${replacement(statement) ?? original}`;
        at += statement.length + 1;
      }
      return joined;
    },
    open: () => open,
  };
}

export function leftOpen(): ProblemError {
  return new ProblemError({
    reason: 'MigrationFailed',
    message: 'The migration left a transaction open, which was rolled back. End it with COMMIT.',
  });
}

function refused(command: string): ProblemError {
  return new ProblemError({
    reason: 'MigrationFailed',
    message: `${command} is not allowed here: the migration already runs in a transaction, which commits with its history row. Remove it, or opt out with: export const transaction = false`,
  });
}
