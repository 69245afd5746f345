/** `-- db-manager:ignore <rule> <why>` beside a statement: the rule and the reason, which is required. */
const MARK = /--\s*db-manager:ignore\s+([a-z0-9-]+)(?:[ \t]+(\S.*))?/g;

export function readIgnores(sql: string): { rule: string; why: string }[] {
  return [...sql.matchAll(MARK)].flatMap(([, rule, why]) =>
    rule === undefined || why === undefined ? [] : [{ rule, why: why.trim() }],
  );
}
