import type { Token } from './token.ts';

export interface StatementText {
  sql: string;
  tokens(): Iterable<Token>;
  /** The first words in upper case. */
  words(count: number): string[];
}

export interface Objection {
  /** Where in the statement's text. */
  offset: number;
  advice: string;
}
