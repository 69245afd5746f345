import type { Dialect } from '../core/model/dialect.ts';
import { tokenize } from './lexer.ts';

/** A token that is neither white space nor a comment. */
export interface SqlToken {
  kind: 'word' | 'name' | 'string' | 'number' | 'symbol';
  start: number;
  end: number;
  /** Without quotes. */
  text: string;
  /** Of a word, in upper case; of a symbol, itself; empty for what is quoted and for numbers. */
  key: string;
}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '[': ']' };

/** How a token changes the depth in parentheses. */
export const step = (key: string | undefined): number => (key === '(' ? 1 : key === ')' ? -1 : 0);

/** The tokens of a statement without white space and comments. */
export function significantTokens(sql: string, dialect: Dialect): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const token of tokenize(sql, dialect)) {
    const { kind, start, end } = token;
    if (kind === 'space' || kind === 'comment') continue;
    const text = sql.slice(start, end);
    if (kind === 'identifier') tokens.push({ kind: 'name', start, end, text: unquote(text), key: '' });
    else if (kind === 'string') tokens.push({ kind, start, end, text: unquote(text), key: '' });
    else if (kind === 'word') tokens.push({ kind, start, end, text, key: token.upper });
    else tokens.push({ kind, start, end, text, key: kind === 'symbol' ? text : '' });
  }
  return tokens;
}

/** `"a""b"`, `[a b]`, `'it''s'` without their quotes; anything else, also a text whose quote is not closed, as it is. */
export function unquote(text: string): string {
  const quote = text[0] ?? '';
  const close = CLOSING[quote];
  if (close === undefined || text.length < 2 || !text.endsWith(close)) return text;
  const inside = text.slice(1, -1);
  return quote === '[' ? inside : inside.replaceAll(close + close, close);
}

/** Whether every string, name and parenthesis is closed. */
export function isComplete(sql: string, tokens: readonly SqlToken[]): boolean {
  let depth = 0;
  for (const { kind, key, start, end } of tokens) {
    const close = kind === 'name' || kind === 'string' ? CLOSING[sql[start] ?? ''] : undefined;
    if (close !== undefined && (end - start < 2 || sql[end - 1] !== close)) return false;
    depth += step(key);
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** The index of the token that closes the parenthesis at `open`; if none does, of the last token. */
export function closing(tokens: readonly SqlToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    depth += step(tokens[at]?.key);
    if (depth === 0) return at;
  }
  return tokens.length - 1;
}

/** The tokens outside parentheses. */
export function outsideParentheses(tokens: readonly SqlToken[]): SqlToken[] {
  let depth = 0;
  return tokens.filter(({ key }) => {
    if (key === ')') depth -= 1;
    const here = depth;
    if (key === '(') depth += 1;
    return here === 0;
  });
}

/** Split at the commas outside parentheses. */
export function byComma(tokens: readonly SqlToken[]): SqlToken[][] {
  const pieces: SqlToken[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += step(token.key);
    if (token.key === ',' && depth === 0) pieces.push([]);
    else pieces.at(-1)?.push(token);
  }
  return pieces.filter((piece) => piece.length > 0);
}

/** The text that a range of tokens covers. */
export function textOf(sql: string, tokens: readonly SqlToken[]): string {
  const [first] = tokens;
  const last = tokens.at(-1);
  return first === undefined || last === undefined ? '' : sql.slice(first.start, last.end);
}
