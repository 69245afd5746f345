import type { Dialect } from '../core/model/dialect.ts';
import { tokenize } from './lexer.ts';
import { SQL_RULES } from './rules.ts';

/**
 * The statements of a text that code sends at once, each from its first word, without its semicolon. Never throws: a string
 * that is not closed runs to the end.
 */
export function piecesOf(sql: string, dialect: Dialect): string[] {
  const { newBody } = SQL_RULES[dialect];
  const pieces: string[] = [];
  let body = newBody();
  let start: number | undefined;
  let end = 0;
  const take = () => {
    if (start !== undefined) pieces.push(sql.slice(start, end));
    start = undefined;
    body = newBody();
  };
  for (const token of tokenize(sql, dialect)) {
    if (token.kind === 'space' || token.kind === 'comment') continue;
    if (token.kind === 'symbol' && sql[token.start] === ';' && body.ended()) {
      take();
      continue;
    }
    start ??= token.start;
    end = token.end;
    body.see(token, sql);
  }
  take();
  return pieces;
}
