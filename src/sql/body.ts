import type { Token } from './token.ts';

/** Follows whether a statement is inside a body whose semicolons do not end it. */
export interface StatementBody {
  see(token: Token, sql: string): void;
  ended(): boolean;
}
