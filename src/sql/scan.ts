import type { Token } from './token.ts';

/** What the lexers of both databases have in common. An unfinished string or comment runs to the end. */

const SPACE = /[ \t\n\r\f\v]+/y;
/** Every non-ASCII character may occur in a name, in both databases. */
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;

/** A word, white space, a number or one symbol. */
export function plain(sql: string, start: number): Token {
  const word = match(WORD, sql, start);
  if (word > start) return { kind: 'word', start, end: word, upper: sql.slice(start, word).toUpperCase() };
  const space = match(SPACE, sql, start);
  if (space > start) return { kind: 'space', start, end: space };
  const number = match(NUMBER, sql, start);
  if (number > start) return { kind: 'number', start, end: number };
  return { kind: 'symbol', start, end: start + 1 };
}

export function match(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

/** The position after the next occurrence of a text. */
export function after(sql: string, text: string, from: number): number {
  const at = sql.indexOf(text, from);
  return at < 0 ? sql.length : at + text.length;
}

/** A doubled quote represents one quote. */
export function quotedEnd(sql: string, start: number, quote: string): number {
  let at = start + 1;
  for (;;) {
    const found = sql.indexOf(quote, at);
    if (found < 0) return sql.length;
    if (sql[found + 1] !== quote) return found + 1;
    at = found + 2;
  }
}
