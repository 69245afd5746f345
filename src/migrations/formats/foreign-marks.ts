import type { Dialect } from '../../core/model/dialect.ts';
import { tokenize } from '../../sql/lexer.ts';
import { SQL_RULES } from '../../sql/rules.ts';
import { invalid, type SourceFile } from './format.ts';

/** What the mark of a tool looks like, and which tool it is. */
const TOOLS: readonly [pattern: RegExp, tool: string][] = [
  [/^--\s*\+\s*migrate\s+(?:up|down)\b/i, 'sql-migrate'],
  [/^--\s*rambler\s+(?:up|down)\b/i, 'rambler'],
  [/^--[\s-]*(?:up|down)\s+migration[\s:-]*$/i, 'node-pg-migrate'],
  [/^-{2,}\s*create above\b.*\bdrop below\b/i, 'tern'],
  [/^--\s*\/\/\s*@undo\b/i, 'MyBatis Migrations'],
  [/^--\s*liquibase\s+formatted\s+sql\b/i, 'Liquibase'],
];

/** `-- Down`, `--- !Downs`, `-- ===== ROLLBACK =====`, `-- migrate: down`: nothing else is in the comment. */
const BACK =
  /^(?:--|\/\*)[^\p{L}\p{N}]*(?:(?:db[\s_-]*)?migrat(?:e|ion)s?[^\p{L}\p{N}]*)?(?:downs?|undo|roll\s?backs?|reverts?|backwards?)(?:[\s:_-]*(?:migrations?|sections?|scripts?|sql|part))?[^\p{L}\p{N}]*$/iu;

/** The marks of dbmate and goose, spelled so that neither tool knows them. Nothing but an option of theirs follows. */
const MISSPELLED = /^--[\s+]*(?:migrate|goose)[\s:_+-]*(?:up|down)(?=[\s;:.-]*(?:$|\r|\w*transaction))/i;

const ADVICE =
  'Write -- migrate:up above the first part and -- migrate:down above the second, or name two files <name>.up.sql and <name>.down.sql';

/**
 * Refuses a file of plain SQL in which a comment begins the part that reverts the migration, as other tools write it:
 * here the comment means nothing, and the part would run right after the first one. Such a comment has a line of its own
 * between two statements. Throws ProblemError InvalidMigration.
 */
export function refuseForeignMarks({ file, text }: SourceFile, dialect: Dialect): void {
  refuseReturns({ file, text });
  let mark: { start: number; comment: string } | undefined;
  let inStatement = false;
  let body = SQL_RULES[dialect].newBody();
  for (const token of tokenize(text, dialect)) {
    const { kind, start, end } = token;
    if (kind === 'space') continue;
    if (kind !== 'comment') {
      if (mark !== undefined) refuseBack(file, text, mark);
      inStatement = text[start] !== ';' || !body.ended();
      if (inStatement) body.see(token, text);
      else body = SQL_RULES[dialect].newBody();
      continue;
    }
    if (inStatement || !beginsLine(text, start)) continue;
    const comment = text.slice(start, end).trimEnd();
    const tool = TOOLS.find(([pattern]) => pattern.test(comment))?.[1];
    if (tool !== undefined) {
      const advice =
        tool === 'Liquibase' ? 'Write each changeset as a migration of its own, without the rollback lines' : ADVICE;
      invalid(file, lineAt(text, start), `This is a mark of ${tool}, whose files are not supported. ${advice}.`);
    }
    if (BACK.test(comment)) mark ??= { start, comment };
  }
}

function refuseBack(file: string, text: string, { start, comment }: { start: number; comment: string }): never {
  return invalid(
    file,
    lineAt(text, start),
    `"${comment}" does not divide the file here, so what follows would run as part of the migration. ${ADVICE}. If it is only a comment, add a word to it.`,
  );
}

/** Refuses a mark of dbmate or goose that the tool itself reads as a comment, and one whose line does not end. Throws ProblemError InvalidMigration. */
export function refuseMisspelled({ file, text }: SourceFile, known: RegExp): void {
  refuseReturns({ file, text });
  for (const [index, content] of text.split('\n').entries()) {
    const line = content.trim();
    if (!MISSPELLED.test(line) || known.test(line)) continue;
    invalid(
      file,
      index + 1,
      `"${line}" is not a mark, so what follows would run with the part above. Correct its spelling.`,
    );
  }
}

/** A mark whose line does not end with LF takes what follows with it. */
function refuseReturns({ file, text }: SourceFile): void {
  if (!text.includes('\r')) return;
  const index = text.split('\n').findIndex((line) => MISSPELLED.test(line.trim()) && /\r\s{0,99}\S/.test(line));
  if (index < 0) return;
  invalid(
    file,
    index + 1,
    'The line of this mark ends with a carriage return alone, so the part below it would be lost. Save the file with LF or CRLF.',
  );
}

function beginsLine(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === '';
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
