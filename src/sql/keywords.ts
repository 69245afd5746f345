import type { Dialect } from '../core/model/dialect.ts';
import { tokenize } from './lexer.ts';

/** The statement's first words in upper case, without comments, names and values. */
export function firstWords(sql: string, dialect: Dialect, count: number): string[] {
  const words: string[] = [];
  for (const token of tokenize(sql, dialect)) {
    if (token.kind === 'comment' || token.kind === 'space') continue;
    if (token.kind === 'word') words.push(token.upper);
    else if (words.length === 0) break;
    if (words.length >= count) break;
  }
  return words;
}

/** The position of the first token that is neither white space nor a comment: a statement may start with its comment. */
export function firstOffset(sql: string, dialect: Dialect): number {
  if (/^\w/.test(sql)) return 0;
  for (const { kind, start } of tokenize(sql, dialect)) if (kind !== 'comment' && kind !== 'space') return start;
  return 0;
}
