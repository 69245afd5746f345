import type { MigrationBody } from '../core/model/migration.ts';
import type { Revision } from '../core/model/revision.ts';

/** The first comment's first line, else the name in words: what `migrate history` shows. */
export function describeMigration(revision: Revision, text: string, kind: MigrationBody['kind']): string {
  const lines = kind === 'sql' ? sqlComment(text) : codeComment(text);
  const line = lines.map((text) => text.trim()).find((text) => text !== '' && !isMark(text));
  return line === undefined ? nameInWords(revision) : clip(line);
}

const LONGEST = 120;

function clip(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** `20240601120000_add_orders` -> `add orders`; `V1.2__add_orders` too. */
function nameInWords(revision: Revision): string {
  const words = revision.replace(/^V?\d[\dT._:-]*?(?:__|[_.-](?=\D))/, '').replace(/[_-]+/g, ' ');
  return words.trim() === '' ? revision : words.trim();
}

/** Comments that speak to a machine. */
function isMark(text: string): boolean {
  return /^(?:migrate:|\+goose\b|db-manager:|eslint|biome|prettier|@|#|\/|<reference|global |sourceMappingURL|[-=*\s]+$)/i.test(
    text,
  );
}

/** The lines of the comments that come before the first statement. */
function sqlComment(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed.startsWith('--')) lines.push(trimmed.slice(2));
    else if (trimmed.startsWith('/*')) lines.push(trimmed.slice(2).split('*/')[0] ?? '');
    else if (trimmed !== '') break;
  }
  return lines;
}

const CODE_COMMENT = /\/\*([\s\S]*?)\*\/|\/\/(.*)/y;
const BETWEEN = /(?:\s+|['"]use strict['"];?|#!.*)*/y;

function codeComment(text: string): string[] {
  const lines: string[] = [];
  let at = 0;
  for (;;) {
    BETWEEN.lastIndex = at;
    BETWEEN.test(text);
    CODE_COMMENT.lastIndex = BETWEEN.lastIndex;
    const match = CODE_COMMENT.exec(text);
    if (match === null) return lines;
    at = CODE_COMMENT.lastIndex;
    const body = match[1] ?? match[2] ?? '';
    lines.push(...body.split('\n').map((line) => line.replace(/^\s*\*+ ?/, '')));
  }
}
