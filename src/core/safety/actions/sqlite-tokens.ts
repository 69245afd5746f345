import type { TableRef } from '../action.ts';

/** A token of a lexer that marks strings and comments, such as `tokenize` of the migrations module. */
export interface Lexed {
  kind: 'space' | 'comment' | 'string' | 'identifier' | 'number' | 'symbol' | 'word';
  start: number;
  end: number;
}

/** A token that is neither white space nor a comment. */
export interface Token {
  kind: 'word' | 'name' | 'string' | 'number' | 'symbol';
  /** Without quotes. */
  text: string;
  /** Of a word, in upper case; of a symbol, itself; empty for what is quoted. */
  key: string;
}

/** Undefined if a string, a name or a parenthesis is not closed, which is invalid in every database. */
export function significantTokens(sql: string, lexed: Iterable<Lexed>): Token[] | undefined {
  const tokens: Token[] = [];
  let depth = 0;
  for (const { kind, start, end } of lexed) {
    if (kind === 'space' || kind === 'comment') continue;
    const text = sql.slice(start, end);
    if (kind === 'identifier' || kind === 'string') {
      const inside = unquoted(text);
      if (inside === undefined) return undefined;
      tokens.push({ kind: kind === 'string' ? 'string' : 'name', text: inside, key: '' });
      continue;
    }
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (depth < 0) return undefined;
    tokens.push({ kind, text, key: kind === 'word' ? text.toUpperCase() : kind === 'symbol' ? text : '' });
  }
  if (depth !== 0) return undefined;
  while (tokens.at(-1)?.key === ';') tokens.pop();
  return tokens;
}

const CLOSING: Record<string, string> = { '"': '"', "'": "'", '`': '`', '[': ']' };

function unquoted(text: string): string | undefined {
  const quote = text[0] ?? '';
  const close = CLOSING[quote] ?? '';
  if (text.length < 2 || !text.endsWith(close)) return undefined;
  const inside = text.slice(1, -1);
  return quote === '[' ? inside : inside.replaceAll(close + close, close);
}

/** Reads tokens from left to right. */
export interface Cursor {
  peek(ahead?: number): Token | undefined;
  /** Consumes these words if they are next, all of them or none. */
  take(...keys: string[]): boolean;
  next(): Token | undefined;
  name(): string | undefined;
  /** `[schema.]name`. */
  ref(): TableRef | undefined;
  /** The content of the next parentheses. */
  group(): Token[] | undefined;
  rest(): Token[];
}

export function cursor(tokens: readonly Token[]): Cursor {
  let at = 0;
  const name = () => {
    const token = tokens[at];
    if (token === undefined || token.kind === 'symbol' || token.kind === 'number') return undefined;
    at += 1;
    return token.text;
  };
  const take = (...keys: string[]) => {
    const found = keys.every((key, index) => tokens[at + index]?.key === key);
    if (found) at += keys.length;
    return found;
  };
  return {
    peek: (ahead = 0) => tokens[at + ahead],
    take,
    next: () => {
      at += 1;
      return tokens[at - 1];
    },
    name,
    ref() {
      const first = name();
      if (first === undefined) return undefined;
      if (!take('.')) return { name: first };
      const second = name();
      return second === undefined ? undefined : { schema: first, name: second };
    },
    group() {
      if (tokens[at]?.key !== '(') return undefined;
      const end = closing(tokens, at);
      const inside = tokens.slice(at + 1, end);
      at = end + 1;
      return inside;
    },
    rest: () => tokens.slice(at),
  };
}

/** The index of the token that closes the parenthesis at `open`. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.key === '(') depth += 1;
    if (tokens[at]?.key === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}

/** The tokens outside parentheses. */
export function outside(tokens: readonly Token[]): Token[] {
  let depth = 0;
  return tokens.filter(({ key }) => {
    if (key === ')') depth -= 1;
    const here = depth;
    if (key === '(') depth += 1;
    return here === 0;
  });
}

/** Split at the commas outside parentheses. */
export function byComma(tokens: readonly Token[]): Token[][] {
  const pieces: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.key === '(') depth += 1;
    if (token.key === ')') depth -= 1;
    if (token.key === ',' && depth === 0) pieces.push([]);
    else pieces.at(-1)?.push(token);
  }
  return pieces.filter((piece) => piece.length > 0);
}
