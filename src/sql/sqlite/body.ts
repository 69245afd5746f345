import type { StatementBody } from '../body.ts';

/**
 * `CREATE TRIGGER … BEGIN …; …; END`. The end is an END right after a semicolon, as in `sqlite3_complete()`: that of
 * a `CASE … END` never is, and a column may be called `end`.
 */
export function newBody(): StatementBody {
  let words = '';
  let count = 0;
  let trigger = false;
  let afterSemicolon = false;
  let closed = false;
  return {
    see(token, sql) {
      if (token.kind === 'word' && count < 3) {
        count += 1;
        words = words === '' ? token.upper : `${words} ${token.upper}`;
        trigger ||=
          words === 'CREATE TRIGGER' || words === 'CREATE TEMP TRIGGER' || words === 'CREATE TEMPORARY TRIGGER';
      }
      closed = afterSemicolon && token.kind === 'word' && token.upper === 'END';
      afterSemicolon = token.kind === 'symbol' && sql[token.start] === ';';
    },
    ended: () => !trigger || closed,
  };
}
