import type { Dialect } from '../../core/model/dialect.ts';
import type { SqlStatement } from '../../core/model/migration.ts';
import { type Token, tokenize } from './tokenize.ts';

/** Where a piece of SQL stands in its file, so that statements point into the file and not into the piece. */
export interface Origin {
  file: string;
  /** Line of the piece's first character, from 1. */
  line: number;
  /** Column of the piece's first character, from 1. */
  column?: number;
}

/**
 * Splits SQL into statements at the semicolons that end one: not those in strings, comments, dollar quotes,
 * `BEGIN ATOMIC` bodies (PostgreSQL) or trigger bodies (SQLite). Comments before a statement belong to it; a piece
 * with nothing but comments is none.
 */
export function splitSql(sql: string, dialect: Dialect, origin: Origin): SqlStatement[] {
  const statements: SqlStatement[] = [];
  const place = placer(sql, origin);
  let first: number | undefined;
  let lead: number | undefined;
  let end = 0;
  let body = newBody(dialect);

  const finish = () => {
    if (first !== undefined) statements.push({ sql: sql.slice(lead ?? first, end), ...place(lead ?? first) });
    first = undefined;
    lead = undefined;
    body = newBody(dialect);
  };

  for (const token of tokenize(sql, dialect)) {
    if (token.kind === 'space') continue;
    if (token.kind === 'comment') {
      // An ignore mark or an explanation above a statement stays with it; a trailing one does not matter.
      if (first === undefined) lead ??= token.start;
      continue;
    }
    if (token.kind === 'symbol' && sql[token.start] === ';' && body.ended()) {
      finish();
      continue;
    }
    first ??= token.start;
    end = token.end;
    body.see(token, sql);
  }
  finish();
  return statements;
}

/** Follows whether the statement is inside a body whose semicolons do not end it. */
interface Body {
  see(token: Token, sql: string): void;
  ended(): boolean;
}

function newBody(dialect: Dialect): Body {
  return dialect === 'sqlite' ? triggerBody() : atomicBody();
}

/** `CREATE TRIGGER … BEGIN …; …; END`, with `CASE … END` inside. */
function triggerBody(): Body {
  const words: string[] = [];
  let depth = 0;
  let trigger = false;
  return {
    see(token) {
      if (token.kind !== 'word') return;
      if (words.length < 4) words.push(token.upper);
      if (token.upper === 'TRIGGER' && /^CREATE( TEMP| TEMPORARY)? TRIGGER$/.test(words.join(' '))) trigger = true;
      if (!trigger) return;
      if (token.upper === 'BEGIN' || (token.upper === 'CASE' && depth > 0)) depth += 1;
      if (token.upper === 'END' && depth > 0) depth -= 1;
    },
    ended: () => depth === 0,
  };
}

/** `BEGIN ATOMIC …; …; END` of a function or procedure, with `CASE … END` inside; parentheses of rules. */
function atomicBody(): Body {
  let depth = 0;
  let parentheses = 0;
  let previous = '';
  return {
    see(token, sql) {
      if (token.kind === 'symbol') {
        const char = sql[token.start];
        if (char === '(') parentheses += 1;
        if (char === ')') parentheses = Math.max(0, parentheses - 1);
        return;
      }
      if (token.kind !== 'word') return;
      if (token.upper === 'ATOMIC' && previous === 'BEGIN') depth += 1;
      else if (token.upper === 'CASE' && depth > 0) depth += 1;
      else if (token.upper === 'END' && depth > 0) depth -= 1;
      previous = token.upper;
    },
    // CREATE RULE … DO (stmt; stmt) has semicolons inside parentheses.
    ended: () => depth === 0 && parentheses === 0,
  };
}

/** Line and column of an offset; offsets are asked for in rising order, so the text is walked once. */
function placer(sql: string, origin: Origin): (offset: number) => { file: string; line: number; column: number } {
  let at = 0;
  let { line } = origin;
  let column = origin.column ?? 1;
  return (offset) => {
    for (; at < offset; at += 1) {
      if (sql[at] === '\n') {
        line += 1;
        column = 1;
      } else column += 1;
    }
    return { file: origin.file, line, column };
  };
}
