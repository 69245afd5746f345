import { significantTokens } from '../../../sql/significant.ts';

/**
 * Whether two pieces of DDL have the same meaning: compared word by word, ignoring case, quotes of names and keywords that
 * change nothing.
 */
export function sameMeaning(a: string, b: string): boolean {
  return normalized(a) === normalized(b);
}

function normalized(sql: string): string {
  const tokens = significantTokens(sql.replace(/\bIF\s+NOT\s+EXISTS\b/i, ''), 'sqlite');
  return (
    tokens
      .map(({ kind, text }) => (kind === 'string' ? `'${text}'` : text.toLowerCase()))
      // ASC only states a default.
      .filter((word) => word !== ';' && word !== 'asc')
      .join(' ')
  );
}

const warned = new Set<string>();

/**
 * Logged once per process: an operation whose result already exists. Sequelize's rebuilds lose indexes and constraints on
 * SQLite, so migrations written for it add them again.
 */
export function warnSame(what: string, table: string, operation: string): void {
  const sentence = `${operation}: the ${what} of ${table} already exists and is identical, so nothing was changed.`;
  if (warned.has(sentence)) return;
  warned.add(sentence);
  process.emitWarning(sentence, { type: 'db-manager' });
}
