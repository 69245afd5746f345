import { tokensOf } from '../ddl/tokens.ts';

/** Words that say what holds without them. */
const NEEDLESS = new Set(['asc']);

/**
 * Whether two pieces of DDL say the same: word by word, without regard to case, quotes of names and words that change
 * nothing.
 */
export function sameMeaning(a: string, b: string): boolean {
  return words(a) === words(b);
}

function words(sql: string): string {
  const tokens = tokensOf(sql.replace(/\bIF\s+NOT\s+EXISTS\b/i, ''));
  return tokens
    .map(({ kind, value }) => (kind === 'string' ? `'${value}'` : value.toLowerCase()))
    .filter((word) => word !== ';' && !NEEDLESS.has(word))
    .join(' ');
}

const said = new Set<string>();

/**
 * Once in a process: an operation that finds its work done. Sequelize's rebuilds lose indexes and constraints on
 * SQLite, so histories written for it add them again.
 */
export function saySame(what: string, table: string, operation: string): void {
  const sentence = `${operation}: the ${what} of ${table} exists already and is equal, so nothing was done.`;
  if (said.has(sentence)) return;
  said.add(sentence);
  process.emitWarning(sentence, { type: 'db-manager' });
}
