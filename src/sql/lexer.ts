import type { Dialect } from '../core/model/dialect.ts';
import { SQL_RULES } from './rules.ts';
import type { Token } from './token.ts';

/** Splits SQL into tokens; together they are the whole text. An unfinished string or comment runs to the end. */
export function* tokenize(sql: string, dialect: Dialect): Generator<Token, void, void> {
  const { nextToken } = SQL_RULES[dialect];
  let at = 0;
  while (at < sql.length) {
    const token = nextToken(sql, at);
    yield token;
    at = token.end;
  }
}
