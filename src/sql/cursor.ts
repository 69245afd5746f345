import { closing, type SqlToken } from './significant.ts';

/** Reads tokens from left to right. */
export interface Cursor {
  peek(ahead?: number): SqlToken | undefined;
  /** Consumes these words if they are next, all of them or none. */
  take(...keys: string[]): boolean;
  next(): SqlToken | undefined;
  name(): string | undefined;
  /** `[schema.]name`. */
  ref(): { schema?: string; name: string } | undefined;
  /** The content of the next parentheses. */
  group(): SqlToken[] | undefined;
  rest(): SqlToken[];
}

export function cursor(tokens: readonly SqlToken[]): Cursor {
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
