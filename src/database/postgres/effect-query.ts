import { redactSql } from '../../sql/redact.ts';

/** A query of no table, which is sent for what its functions do: `SELECT drop_old_tables()`. */
const ALONE = /^select\b(?!.*\bfrom\b)/is;

/** Functions that such queries call for a value, and words that a parenthesis may follow. */
const FOR_A_VALUE =
  /^(?:pg_catalog\.)?(?:pg_\w+|current_\w+|json\w*|to_\w+|has_\w+|array\w*|version|now|coalesce|nullif|lower|upper|exists|in|and|or|not|as|select|case|when|then|else|cast|count|max|min|sum|gen_random_uuid|random|nextval|currval|lastval|setval|quote_\w+|format|concat|clock_timestamp)$/i;

/** A query that may change the schema, without its literals; undefined if it only reads. */
export function effectQuery(sql: string): string | undefined {
  const redacted = redactSql(sql, 'postgres');
  if (!ALONE.test(redacted)) return undefined;
  const called = [...redacted.matchAll(/([\w$."]+)\s*\(/g)].map(([, name = '']) => name);
  if (called.every((name) => FOR_A_VALUE.test(name))) return undefined;
  // The name of the setting decides what later names mean.
  return /search_path/i.test(sql) ? sql : redacted;
}
