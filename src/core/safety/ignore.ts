import type { ReadMigration } from './action.ts';

/** `-- db-manager:ignore <rule> <reason>` next to a statement: the rule and the reason, which may be empty. */
const MARK = /--[ \t]*db-manager:ignore[ \t]+(\S+)(?:[ \t]+(\S[^\n\r]*))?/g;

export function readIgnores(comments: string): { rule: string; why: string }[] {
  return [...comments.matchAll(MARK)].map(([, rule = '', why = '']) => ({ rule, why: why.trim() }));
}

/** Every comment of a migration that disables a rule, with the statement next to it. */
export function ignoresOf({ statements, ignore = [] }: ReadMigration) {
  return [
    ...statements.flatMap((statement) => statement.ignore.map((one) => ({ ...one, statement }))),
    ...ignore.map((one) => ({ ...one, statement: undefined })),
  ];
}
