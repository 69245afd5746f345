import { after, match, plain, quotedEnd } from '../scan.ts';
import type { Token } from '../token.ts';

const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
/** After a string on another line, a quote goes on with the same string, escapes included. */
const CONTINUED = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;
/** Lines that pg_dump writes around its text. They protect psql from other commands of psql, and do nothing else. */
const RESTRICT = /\\(?:un)?restrict [A-Za-z0-9]+[ \t]*(?=\r?\n|$)/y;

/**
 * The token at a position. Strings follow `standard_conforming_strings = on`.
 * Sources: PostgreSQL manual 4.1 and its `scan.l`.
 */
export function nextToken(sql: string, start: number): Token {
  switch (sql[start]) {
    case '-':
      if (sql[start + 1] === '-') return { kind: 'comment', start, end: lineEnd(sql, start) };
      break;
    case '/':
      if (sql[start + 1] === '*') return { kind: 'comment', start, end: nestedEnd(sql, start) };
      break;
    case '\\': {
      const end = start === 0 || sql[start - 1] === '\n' ? match(RESTRICT, sql, start) : start;
      if (end > start) return { kind: 'comment', start, end };
      break;
    }
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

/** A line also ends at a lone carriage return. */
function lineEnd(sql: string, start: number): number {
  const feed = sql.indexOf('\n', start);
  const end = feed < 0 ? sql.length : feed;
  const carriage = sql.slice(start, end).indexOf('\r');
  return carriage < 0 ? end : start + carriage;
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
