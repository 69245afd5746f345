import { significantTokens } from '../../../sql/significant.ts';

/** Keywords in expressions that are never a column's name without quotes (https://sqlite.org/lang_keywords.html). */
const RESERVED = new Set(
  `ADD ALL AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE CONSTRAINT CREATE DEFAULT DEFERRABLE DELETE DISTINCT DROP
  ELSE ESCAPE EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTO IS ISNULL JOIN LIMIT NOT NOTHING NOTNULL NULL ON
  OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN
  WHERE`.split(/\s+/),
);

/**
 * Whether SQL text names a column. Strings, comments, keywords, collations and functions of the same name do not
 * count: a CHECK on `length(name)` is not a CHECK on the column `length`.
 */
export function mentions(sql: string, column: string): boolean {
  const wanted = column.toLowerCase();
  const tokens = significantTokens(sql, 'sqlite');
  return tokens.some((token, index) => {
    if (token.kind !== 'name' && token.kind !== 'word') return false;
    if (token.text.toLowerCase() !== wanted || tokens[index - 1]?.key === 'COLLATE') return false;
    if (token.kind === 'name') return true;
    return !RESERVED.has(token.key) && tokens[index + 1]?.key !== '(';
  });
}
