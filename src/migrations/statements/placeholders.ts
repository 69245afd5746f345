import type { Dialect } from '../../core/model/dialect.ts';
import { tokenize } from '../../sql/lexer.ts';

/**
 * The statement with NULL for what code fills in when it runs: `:name` and `?` (Sequelize's replacements). Only for a
 * statement that cannot be read as it is, since `?` is an operator of PostgreSQL's too.
 */
export function withoutPlaceholders(sql: string, dialect: Dialect): string {
  let out = '';
  let colon = false;
  for (const { kind, start, end } of tokenize(sql, dialect)) {
    const text = sql.slice(start, end);
    if (colon && kind === 'word') {
      out = `${out.slice(0, -1)}NULL`;
      colon = false;
      continue;
    }
    colon = kind === 'symbol' && text === ':' && !out.endsWith(':');
    out += kind === 'symbol' && text === '?' ? 'NULL' : text;
  }
  return out;
}
