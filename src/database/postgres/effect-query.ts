import { redactSql } from '../../sql/redact.ts';
import { type SqlToken, significantTokens } from '../../sql/significant.ts';

/** Functions that a query without a table calls for a value, and words that a parenthesis may follow. */
const FOR_A_VALUE =
  /^(?:pg_\w+|current_\w+|json\w*|to_\w+|has_\w+|array\w*|version|now|coalesce|nullif|lower|upper|exists|in|and|or|not|as|select|case|when|then|else|cast|count|max|min|sum|gen_random_uuid|random|nextval|currval|lastval|setval|quote_\w+|format|concat|clock_timestamp)$/i;

/**
 * A query of no table is sent for what its functions do, which may change the schema: `SELECT drop_old_tables()`. Without
 * its literals; undefined if it only reads.
 */
export function effectQuery(sql: string): string | undefined {
  const tokens = significantTokens(sql, 'postgres');
  if (tokens.some(({ key }) => key === 'FROM')) return undefined;
  if (!tokens.some((_, at) => mayHaveEffects(tokens, at))) return undefined;
  // The name of the setting decides what later names mean.
  return sql.toLowerCase().includes('search_path') ? sql : redactSql(sql, 'postgres');
}

/** Whether a function is called there that is not known to return a value and nothing else. */
function mayHaveEffects(tokens: readonly SqlToken[], at: number): boolean {
  const called = tokens[at];
  if (tokens[at + 1]?.key !== '(' || (called?.kind !== 'word' && called?.kind !== 'name')) return false;
  const schema = tokens[at - 1]?.key === '.' ? tokens[at - 2]?.text : undefined;
  return !FOR_A_VALUE.test(called.text) || (schema !== undefined && schema.toLowerCase() !== 'pg_catalog');
}
