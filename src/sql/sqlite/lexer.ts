import { after, plain, quotedEnd } from '../scan.ts';
import type { Token } from '../token.ts';

/** The token at a position. Sources: SQLite's `tokenize.c` and "SQL keywords". */
export function nextToken(sql: string, start: number): Token {
  switch (sql[start]) {
    case '-':
      if (sql[start + 1] === '-') return { kind: 'comment', start, end: lineEnd(sql, start) };
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
  const token = plain(sql, start);
  const blob = token.kind === 'word' && token.upper === 'X' && sql[token.end] === "'";
  return blob ? { kind: 'string', start, end: quotedEnd(sql, token.end, "'") } : token;
}

function lineEnd(sql: string, start: number): number {
  const feed = sql.indexOf('\n', start);
  return feed < 0 ? sql.length : feed;
}
