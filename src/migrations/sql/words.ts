import type { Dialect } from '../../core/model/dialect.ts';
import { tokenize } from './tokenize.ts';

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
