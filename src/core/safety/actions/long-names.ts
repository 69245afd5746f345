import type { ActionOf } from '../action.ts';
import type { Lexed } from './sqlite-tokens.ts';

/** NAMEDATALEN - 1 of PostgreSQL. */
const BYTES = 63;

/**
 * Names that PostgreSQL will cut: its syntax tree has them cut already, so they are looked for in the text. Each once,
 * as it is written without its quotes.
 */
export function longNames(sql: string, lexed: Iterable<Lexed>): ActionOf<'longName'>[] {
  const found = new Set<string>();
  for (const { kind, start, end } of lexed) {
    if ((kind !== 'word' && kind !== 'identifier') || (end - start) * 3 <= BYTES) continue;
    const written = sql.slice(start, end);
    const name = kind === 'word' ? written : written.slice(1, -1).replaceAll('""', '"');
    if (new TextEncoder().encode(name).length > BYTES) found.add(name);
  }
  return [...found].map((name) => ({ kind: 'longName', name }));
}
