import { tokenize } from '../../../sql/lexer.ts';
import type { SchemaActionOf } from '../action.ts';

/** NAMEDATALEN - 1 of PostgreSQL. */
const BYTES = 63;

/**
 * Names that PostgreSQL will truncate: they are already truncated in its syntax tree, so the text is searched. Each once,
 * without its quotes.
 */
export function longNames(sql: string): SchemaActionOf<'longName'>[] {
  const found = new Set<string>();
  for (const { kind, start, end } of tokenize(sql, 'postgres')) {
    if ((kind !== 'word' && kind !== 'identifier') || (end - start) * 3 <= BYTES) continue;
    const written = sql.slice(start, end);
    const name = kind === 'word' ? written : written.slice(1, -1).replaceAll('""', '"');
    if (new TextEncoder().encode(name).length > BYTES) found.add(name);
  }
  return [...found].map((name) => ({ kind: 'longName', name }));
}
