import type { Dialect } from '../../core/model/dialect.ts';

/** What a splitter has to know of SQL: where text is not SQL (strings, comments, bodies), and where words are. */
export type Token =
  | { kind: 'space' | 'comment' | 'string' | 'identifier' | 'number' | 'symbol'; start: number; end: number }
  | { kind: 'word'; start: number; end: number; upper: string };

/**
 * Splits SQL into tokens; together they are the whole text. An unfinished string or comment runs to the end;
 * `lost.ts` finds it. Strings follow `standard_conforming_strings = on`.
 * Sources: PostgreSQL manual 4.1 and its `scan.l`; SQLite's `tokenize.c` and "SQL keywords".
 */
export function* tokenize(sql: string, dialect: Dialect): Generator<Token, void, void> {
  const next = dialect === 'postgres' ? nextPostgres : nextSqlite;
  let at = 0;
  while (at < sql.length) {
    const token = next(sql, at);
    yield token;
    at = token.end;
  }
}

const SPACE = /[ \t\n\r\f\v]+/y;
/** Every non-ASCII character may occur in a name, in both databases. */
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
/** After a string on another line, a quote goes on with the same string, escapes included. */
const CONTINUED = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;

function nextPostgres(sql: string, start: number): Token {
  switch (sql[start]) {
    case '-':
      if (sql[start + 1] === '-') return { kind: 'comment', start, end: lineEnd(sql, start, true) };
      break;
    case '/':
      if (sql[start + 1] === '*') return { kind: 'comment', start, end: nestedEnd(sql, start) };
      break;
    case "'":
      return { kind: 'string', start, end: quotedEnd(sql, start, "'") };
    case '"':
      return { kind: 'identifier', start, end: quotedEnd(sql, start, '"') };
    case '$': {
      const tag = match(DOLLAR_TAG, sql, start);
      if (tag > start) return { kind: 'string', start, end: after(sql, sql.slice(start, tag), tag) };
    }
  }
  const token = plain(sql, start);
  if (token.kind !== 'word') return token;
  const prefixed = prefixedEnd(sql, token.upper, token.end);
  return prefixed ?? token;

  /** `E'…'` has backslash escapes; `B'`, `X'`, `N'`, `U&'` and `U&"` are like the plain ones. */
  function prefixedEnd(text: string, upper: string, end: number): Token | undefined {
    const quote = text[end];
    if (quote === "'" && upper === 'E') return { kind: 'string', start, end: escapedEnd(text, end) };
    if (quote === "'" && (upper === 'B' || upper === 'X' || upper === 'N')) {
      return { kind: 'string', start, end: quotedEnd(text, end, "'") };
    }
    if (upper !== 'U' || quote !== '&') return undefined;
    if (text[end + 1] === "'") return { kind: 'string', start, end: quotedEnd(text, end + 1, "'") };
    if (text[end + 1] === '"') return { kind: 'identifier', start, end: quotedEnd(text, end + 1, '"') };
    return undefined;
  }
}

function nextSqlite(sql: string, start: number): Token {
  switch (sql[start]) {
    case '-':
      if (sql[start + 1] === '-') return { kind: 'comment', start, end: lineEnd(sql, start, false) };
      break;
    case '/':
      // SQLite reads "/*/" as an opened comment and does not nest them.
      if (sql[start + 1] === '*') return { kind: 'comment', start, end: after(sql, '*/', start + 2) };
      break;
    case "'":
      return { kind: 'string', start, end: quotedEnd(sql, start, "'") };
    case '"':
      return { kind: 'identifier', start, end: quotedEnd(sql, start, '"') };
    case '`':
      return { kind: 'identifier', start, end: quotedEnd(sql, start, '`') };
    case '[':
      return { kind: 'identifier', start, end: after(sql, ']', start + 1) };
  }
  return plain(sql, start);
}

function plain(sql: string, start: number): Token {
  const word = match(WORD, sql, start);
  if (word > start) return { kind: 'word', start, end: word, upper: sql.slice(start, word).toUpperCase() };
  const space = match(SPACE, sql, start);
  if (space > start) return { kind: 'space', start, end: space };
  const number = match(NUMBER, sql, start);
  if (number > start) return { kind: 'number', start, end: number };
  return { kind: 'symbol', start, end: start + 1 };
}

function match(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

/** PostgreSQL ends a line at a lone carriage return too; SQLite only at a line feed. */
function lineEnd(sql: string, start: number, carriageReturn: boolean): number {
  const feed = sql.indexOf('\n', start);
  const end = feed < 0 ? sql.length : feed;
  if (!carriageReturn) return end;
  const carriage = sql.slice(start, end).indexOf('\r');
  return carriage < 0 ? end : start + carriage;
}

function after(sql: string, text: string, from: number): number {
  const at = sql.indexOf(text, from);
  return at < 0 ? sql.length : at + text.length;
}

function nestedEnd(sql: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start + 2;
  for (let depth = 1; depth > 0; ) {
    const found = mark.exec(sql);
    if (found === null) return sql.length;
    depth += found[0] === '/*' ? 1 : -1;
  }
  return mark.lastIndex;
}

/** A doubled quote represents one quote. */
function quotedEnd(sql: string, start: number, quote: string): number {
  let at = start + 1;
  for (;;) {
    const found = sql.indexOf(quote, at);
    if (found < 0) return sql.length;
    if (sql[found + 1] !== quote) return found + 1;
    at = found + 2;
  }
}

function escapedEnd(sql: string, start: number): number {
  let at = start + 1;
  while (at < sql.length) {
    if (sql[at] === '\\') at += 2;
    else if (sql[at] !== "'") at += 1;
    else if (sql[at + 1] === "'") at += 2;
    else {
      const continued = match(CONTINUED, sql, at + 1);
      if (continued === at + 1) return at + 1;
      at = continued;
    }
  }
  return sql.length;
}
