import { clip } from '../core/model/clip.ts';
import type { MigrationBody } from '../core/model/migration.ts';
import type { Revision } from '../core/model/revision.ts';

/**
 * The first line of the first comment, else the name in words: what `migrate history` shows. A comment that is about
 * the licence is none, from its first line to its last.
 */
export function describeMigration(revision: Revision, text: string, kind: MigrationBody['kind']): string {
  const comments = commentsIn(text, kind === 'sql' ? SQL : CODE);
  const lines = comments.filter((comment) => !LICENCE.test(comment)).flatMap((comment) => comment.split('\n'));
  const line = lines.map((text) => text.trim()).find((text) => text !== '' && !isMark(text));
  return line === undefined ? nameInWords(revision) : clip(line, LONGEST);
}

const LICENCE =
  /\bcopyright\b|©|\(c\)\s*\d{4}|\bSPDX-|\ball rights reserved\b|\blicen[cs]ed (?:under|to|by)\b|\b(?:MIT|BSD|ISC|Apache|GNU|Mozilla|public) (?:general )?(?:public )?licen[cs]e\b|\bpublic domain\b|\bthis file is (?:a )?part of\b/i;

const LONGEST = 120;

/** `20240601120000_add_orders` -> `add orders`; `V1.2__add_orders` too. */
function nameInWords(revision: Revision): string {
  const words = revision.replace(/^V?\d[\dT._:-]*?(?:__|[_.-](?=\D))/, '').replace(/[_-]+/g, ' ');
  return words.trim() === '' ? revision : words.trim();
}

/** Comments that are directives for a program. */
function isMark(text: string): boolean {
  return /^(?:migrate:|\+goose\b|db-manager:|eslint|biome|prettier|@|#|\/|<reference|global |sourceMappingURL|[-=*\s]+$)/i.test(
    text,
  );
}

/** How comments begin; what may be between them; and one comment: lines that follow each other are one. */
interface CommentSyntax {
  mark: RegExp;
  between: RegExp;
  comment: RegExp;
}

const SQL: CommentSyntax = {
  mark: /^[ \t]*--/,
  between: /\s*/y,
  comment: /\/\*([\s\S]*?)\*\/|--[^\n]*(?:\n[ \t]*--[^\n]*)*/y,
};
const CODE: CommentSyntax = {
  mark: /^[ \t]*\/\//,
  between: /(?:\s+|['"]use strict['"];?|#!.*)*/y,
  comment: /\/\*([\s\S]*?)\*\/|\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*/y,
};
const STARS = /^\s*\*+ ?/;

/** The comments before the first statement, each as one text. */
function commentsIn(text: string, { mark, between, comment }: CommentSyntax): string[] {
  const comments: string[] = [];
  let at = 0;
  for (;;) {
    between.lastIndex = at;
    between.test(text);
    comment.lastIndex = between.lastIndex;
    const match = comment.exec(text);
    if (match === null) return comments;
    at = comment.lastIndex;
    comments.push(match[1] === undefined ? withoutMarks(match[0], mark) : withoutMarks(match[1], STARS));
  }
}

function withoutMarks(comment: string, mark: RegExp): string {
  return comment
    .split('\n')
    .map((line) => line.replace(mark, ''))
    .join('\n');
}
