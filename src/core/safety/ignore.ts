/** `-- db-manager:ignore <rule> <why>` beside a statement: the rule and the reason, which is empty where none is given. */
const MARK = /--[ \t]*db-manager:ignore[ \t]+(\S+)(?:[ \t]+(\S[^\n\r]*))?/g;

export function readIgnores(comments: string): { rule: string; why: string }[] {
  return [...comments.matchAll(MARK)].map(([, rule = '', why = '']) => ({ rule, why: why.trim() }));
}
