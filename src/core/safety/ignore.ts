import type { ReadMigration } from './action.ts';

/** `-- db-manager:ignore <rule> <why>` beside a statement: the rule and the reason, which is empty where none is given. */
const MARK = /--[ \t]*db-manager:ignore[ \t]+(\S+)(?:[ \t]+(\S[^\n\r]*))?/g;

export function readIgnores(comments: string): { rule: string; why: string }[] {
  return [...comments.matchAll(MARK)].map(([, rule = '', why = '']) => ({ rule, why: why.trim() }));
}

/** Every comment of a migration that turns a rule off, with the statement that it stands beside. */
export function ignoresOf({ statements, ignore = [] }: ReadMigration) {
  return [
    ...statements.flatMap((statement) => statement.ignore.map((one) => ({ ...one, statement }))),
    ...ignore.map((one) => ({ ...one, statement: undefined })),
  ];
}
