import type { Dialect } from '../../core/model/dialect.ts';

/** What a splitter has to know of SQL: where text is not SQL (strings, comments, bodies), and where words are. */
export type Token =
  | { kind: 'space' | 'comment' | 'string' | 'identifier' | 'number' | 'symbol'; start: number; end: number }
  | { kind: 'word'; start: number; end: number; upper: string };

/**
 * Splits SQL into tokens; together they are the whole text. An unfinished string or comment runs to the end, where
 * the database will complain about it better than we could.
 * Sources: PostgreSQL manual 4.1 (lexical structure), SQLite's tokenizer rules (lang_expr, lang_keywords).
 */
export function* tokenize(sql: string, dialect: Dialect): Generator<Token> {
  let at = 0;
  while (at < sql.length) {
    const token = next(sql, at, dialect);
    yield token;
    at = token.end;
  }
}

const SPACE = /\s+/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;

function next(sql: string, start: number, dialect: Dialect): Token {
  const char = sql[start] ?? '';
  const pair = sql.slice(start, start + 2);
  if (pair === '--') return { kind: 'comment', start, end: lineEnd(sql, start) };
  if (pair === '/*') return { kind: 'comment', start, end: blockEnd(sql, start, dialect === 'postgres') };
  if (char === "'") return { kind: 'string', start, end: quotedEnd(sql, start, "'", false) };
  if (char === '"') return { kind: 'identifier', start, end: quotedEnd(sql, start, '"', false) };
  if (dialect === 'sqlite' && char === '`')
    return { kind: 'identifier', start, end: quotedEnd(sql, start, '`', false) };
  if (dialect === 'sqlite' && char === '[') return { kind: 'identifier', start, end: after(sql, ']', start + 1) };
  if (dialect === 'postgres' && char === '$') {
    const tag = match(DOLLAR_TAG, sql, start);
    if (tag > start) return { kind: 'string', start, end: after(sql, sql.slice(start, tag), tag) };
  }
  const space = match(SPACE, sql, start);
  if (space > start) return { kind: 'space', start, end: space };
  const word = match(WORD, sql, start);
  if (word > start) return wordOrPrefixedString(sql, start, word, dialect);
  const number = match(NUMBER, sql, start);
  if (number > start) return { kind: 'number', start, end: number };
  return { kind: 'symbol', start, end: start + 1 };
}

/** `E'…'` has backslash escapes; `B'`, `X'`, `N'` and `U&'` are strings and identifiers like the plain ones. */
function wordOrPrefixedString(sql: string, start: number, end: number, dialect: Dialect): Token {
  const upper = sql.slice(start, end).toUpperCase();
  if (dialect === 'postgres' && upper === 'E' && sql[end] === "'") {
    return { kind: 'string', start, end: quotedEnd(sql, end, "'", true) };
  }
  return { kind: 'word', start, end, upper };
}

function match(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

function lineEnd(sql: string, start: number): number {
  const end = sql.indexOf('\n', start);
  return end < 0 ? sql.length : end;
}

function after(sql: string, text: string, from: number): number {
  const at = sql.indexOf(text, from);
  return at < 0 ? sql.length : at + text.length;
}

function blockEnd(sql: string, start: number, nested: boolean): number {
  if (!nested) return after(sql, '*/', start + 2);
  let depth = 1;
  let at = start + 2;
  while (at < sql.length && depth > 0) {
    const pair = sql.slice(at, at + 2);
    if (pair === '/*') depth += 1;
    if (pair === '*/') depth -= 1;
    at += pair === '/*' || pair === '*/' ? 2 : 1;
  }
  return at;
}

function quotedEnd(sql: string, start: number, quote: string, backslash: boolean): number {
  let at = start + 1;
  while (at < sql.length) {
    if (backslash && sql[at] === '\\') at += 2;
    else if (sql[at] !== quote) at += 1;
    else if (sql[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return sql.length;
}
