import type { Dialect } from '../../core/model/dialect.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { tokenize } from './tokenize.ts';

/** Statements that cannot be run by a driver or would break the migration's own transaction, each with advice. */
export function refuseStatements(statements: readonly SqlStatement[], dialect: Dialect, transactional: boolean): void {
  for (const statement of statements) {
    const words = firstWords(statement.sql, dialect, 12);
    const advice = objection(words, dialect, transactional);
    if (advice === undefined) continue;
    const { file, line, column } = statement;
    throw new ProblemError({
      reason: 'InvalidMigration',
      message: `${file}:${line}:${column}: ${advice}`,
      statement: statement.sql.slice(0, 400),
      position: { file, line, column },
    });
  }
}

function objection(words: string[], dialect: Dialect, transactional: boolean): string | undefined {
  const [first = '', second = ''] = words;
  if (first.startsWith('\\')) {
    return `${first} is a command of psql, not SQL. Take it out, or write what it does as SQL.`;
  }
  if (first === 'COPY' && words.includes('STDIN')) {
    return 'COPY … FROM stdin reads data that follows in the file, which only psql does. Use INSERT statements, or load the data in a code migration.';
  }
  if (!transactional) return undefined;
  const control =
    ['COMMIT', 'ROLLBACK', 'ABORT', 'START'].includes(first) ||
    (first === 'BEGIN' && second !== 'ATOMIC') ||
    (first === 'END' && dialect === 'postgres');
  const savepoint = first === 'ROLLBACK' && words.includes('TO');
  if (control && !savepoint) {
    return `${first} does not belong here: the migration already runs in a transaction of its own. Take it out, or opt out of the transaction.`;
  }
  return undefined;
}

/** The statement's first words in upper case, without comments; a psql command counts as a word. */
function firstWords(sql: string, dialect: Dialect, count: number): string[] {
  const words: string[] = [];
  for (const token of tokenize(sql, dialect)) {
    if (token.kind === 'comment' || token.kind === 'space') continue;
    if (words.length === 0 && sql[token.start] === '\\') return [sql.slice(token.start).split(/\s/)[0] ?? '\\'];
    if (token.kind === 'word') words.push(token.upper);
    else if (words.length === 0) return [];
    if (words.length >= count) break;
  }
  return words;
}
