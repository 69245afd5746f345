/** A piece of SQL: where text is not SQL (strings, comments), and where words are. */
export type Token =
  | { kind: 'space' | 'comment' | 'string' | 'identifier' | 'number' | 'symbol'; start: number; end: number }
  | { kind: 'word'; start: number; end: number; upper: string };
