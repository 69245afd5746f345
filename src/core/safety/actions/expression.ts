const NOT_NULL = /^\(*\s*(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_$]*))\s+is\s+not\s+null\s*\)*$/i;

/** The column of a check that is only `column IS NOT NULL`. */
export function isNotNull(expression: string): string | undefined {
  const found = NOT_NULL.exec(expression.trim().replace(/^check\s*/i, ''));
  return found?.[1]?.replaceAll('""', '"') ?? found?.[2];
}
