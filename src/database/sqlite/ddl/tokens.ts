/** A token of SQLite's DDL with its position; white space and comments are omitted. */
export interface Token {
  kind: 'word' | 'name' | 'string' | 'other';
  start: number;
  end: number;
  /** The word in upper case; the name or string without its quotes; the symbol itself. */
  value: string;
}

const PATTERN =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|("(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|('(?:[^']|'')*')|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(\d[\w.]*|[\s\S])/g;

/** Splits DDL text into tokens (SQLite, lang_keywords and lang_createtable). */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(PATTERN)) {
    const [text, quoted, string, word, other] = match;
    const place = { start: match.index, end: match.index + text.length };
    if (quoted !== undefined) tokens.push({ kind: 'name', ...place, value: unquote(quoted) });
    else if (string !== undefined) tokens.push({ kind: 'string', ...place, value: unquote(string) });
    else if (word !== undefined) tokens.push({ kind: 'word', ...place, value: word.toUpperCase() });
    else if (other !== undefined) tokens.push({ kind: 'other', ...place, value: other });
  }
  return tokens;
}

/** `"a""b"`, `[a b]`, `'it''s'` without their quotes; anything else as it is. */
export function unquote(text: string): string {
  const quote = text[0] ?? '';
  if (quote === '[') return text.slice(1, -1);
  return '"\'`'.includes(quote) ? text.slice(1, -1).replaceAll(quote + quote, quote) : text;
}

/** The name that a token represents, in its original case; SQLite accepts strings as names too. */
export function nameAt(sql: string, token: Token): string {
  return token.kind === 'word' ? sql.slice(token.start, token.end) : token.value;
}

/** The index of the token that closes the parenthesis at `open`. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i += 1) {
    const token = tokens[i];
    if (token?.kind !== 'other') continue;
    if (token.value === '(') depth += 1;
    if (token.value === ')') depth -= 1;
    if (depth === 0) return i;
  }
  return tokens.length - 1;
}

/** Splits a range of tokens at the commas outside parentheses. */
export function byComma(tokens: readonly Token[]): Token[][] {
  const pieces: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'other' && token.value === '(') depth += 1;
    if (token.kind === 'other' && token.value === ')') depth -= 1;
    if (token.kind === 'other' && token.value === ',' && depth === 0) pieces.push([]);
    else pieces.at(-1)?.push(token);
  }
  return pieces.filter((piece) => piece.length > 0);
}
