import type { Dialect } from '../../core/model/dialect.ts';
import { tokenize } from '../../sql/lexer.ts';
import { SQL_RULES } from '../../sql/rules.ts';
import { invalid, type SourceFile } from './format.ts';

/** The pattern of a tool's mark, the name of the tool, and the advice if it is not to divide the file. */
const TOOLS: readonly [pattern: RegExp, tool: string, advice?: string][] = [
  [/^--\s*\+\s*migrate\s+(?:up|down)\b/i, 'sql-migrate'],
  [/^--\s*rambler\s+(?:up|down)\b/i, 'rambler'],
  [/^--[\s-]*(?:up|down)\s+migration[\s:-]*$/i, 'node-pg-migrate'],
  [/^-{2,}\s{0,9}create above\s{0,9}\/\s{0,9}drop below\b/i, 'tern'],
  [/^--\s*\/\/\s*@undo\b/i, 'MyBatis Migrations'],
  [/^--\s*atlas:txtar\b/i, 'an archive of Atlas', 'Keep only what its migration.sql contains'],
  [
    /^--\s*atlas:checkpoint\b/i,
    'a checkpoint of Atlas',
    'It repeats the files before it: leave it out with "exclude" in the configuration',
  ],
  [
    /^--\s*liquibase\s+formatted\s+sql\s{0,9}(?:$|\s\w{1,40}:)/i,
    'Liquibase',
    'Write each changeset as a separate migration, without the rollback lines',
  ],
];

/** `-- Down`, `--- !Downs`, `-- ===== ROLLBACK =====`, `-- migrate: down`: nothing else is in the comment. */
const BACK =
  /^(?:--|\/\*)[^\p{L}\p{N}]*(?:(?:db[\s_-]*)?migrat(?:e|ion)s?[^\p{L}\p{N}]*)?(?:downs?|undo|roll\s?backs?|reverts?|backwards?)(?:[\s:_-]*(?:migrations?|sections?|scripts?|sql|part))?[^\p{L}\p{N}]*$/iu;

/** `-- Up`, `--- !Ups`: what follows is the first part, so a mark above it began the other one. */
const FORTH = /^(?:--|\/\*)[^\p{L}\p{N}]*(?:migrat(?:e|ion)s?[^\p{L}\p{N}]*)?(?:ups?|forwards?)[^\p{L}\p{N}]*$/iu;

/** `-- DROP TABLE t;`: the statements of the down migration as a comment. */
const COMMENTED = /^--\s{0,99}[a-z]{2,30}\b.*;\s{0,99}$/i;

/** The marks of dbmate and goose, spelled so that neither tool knows them. Nothing but an option of theirs follows. */
const MISSPELLED = /^--[\s+]*(?:migrate|goose)[\s:_+-]*(?:up|down)(?=[\s;:.-]*(?:$|\r|\w*transaction))/i;

const ADVICE =
  'Write -- migrate:up above the first part and -- migrate:down above the second, or name two files <name>.up.sql and <name>.down.sql';

/** A statement with one of these words first adds something. Below a mark that may be a heading only, it may run. */
const ADDS = new Set(['CREATE', 'INSERT', 'COMMENT', 'GRANT', 'SELECT', 'SET']);

interface Mark {
  start: number;
  comment: string;
  /** No statement is above it, or it is the heading of statements that are comments themselves. */
  heading: boolean;
  /** Statements that are comments are in the lines right below it. */
  commented: boolean;
  /** Where the lines of comments that it begins end. */
  end: number;
}

/**
 * Refuses a file of plain SQL in which a comment begins the part that reverts the migration, as other tools write it:
 * here the comment means nothing, and the part would run right after the first one. Such a comment has a line of its own
 * between two statements, or above the first one if a comment for the other direction follows. It is only a heading if
 * commented statements and a blank line follow, or nothing is above it, and what is below adds something. Throws
 * ProblemError InvalidMigration.
 */
export function refuseForeignMarks({ file, text }: SourceFile, dialect: Dialect): void {
  refuseReturns({ file, text });
  let mark: Mark | undefined;
  let first: Mark | undefined;
  let begun = false;
  let inStatement = false;
  let body = SQL_RULES[dialect].newBody();
  for (const token of tokenize(text, dialect)) {
    const { kind, start, end } = token;
    if (kind === 'space') continue;
    if (mark?.commented && /\n\s*\n/.test(text.slice(mark.end, start))) mark.heading = true;
    if (kind !== 'comment') {
      const adds = kind === 'word' && ADDS.has(token.upper);
      if (mark !== undefined && !(mark.heading && adds)) refuseBack(file, text, mark);
      first ??= mark;
      mark = undefined;
      begun = true;
      inStatement = text[start] !== ';' || !body.ended();
      if (inStatement) body.see(token, text);
      else body = SQL_RULES[dialect].newBody();
      continue;
    }
    if (inStatement || !beginsLine(text, start)) continue;
    const comment = text.slice(start, end).trimEnd();
    refuseTool(file, text, start, comment);
    if (first !== undefined && FORTH.test(comment)) refuseBack(file, text, first);
    if (mark !== undefined) mark = { ...mark, commented: mark.commented || COMMENTED.test(comment), end };
    else if (BACK.test(comment)) mark = { start, comment, heading: !begun, commented: false, end };
  }
}

function refuseTool(file: string, text: string, start: number, comment: string): void {
  const [, tool, advice = ADVICE] = TOOLS.find(([pattern]) => pattern.test(comment)) ?? [];
  if (tool === undefined) return;
  invalid(file, lineAt(text, start), `This is a mark of ${tool}, whose files are not supported. ${advice}.`);
}

function refuseBack(file: string, text: string, { start, comment }: Mark): never {
  return invalid(
    file,
    lineAt(text, start),
    `"${comment}" is not supported as a separator, so the statements after it would run as part of the migration. ${ADVICE}. If it is only a comment, add a word to it.`,
  );
}

/**
 * Refuses a mark of dbmate or goose that the tool itself reads as a comment, and one whose line does not end. The same
 * words in a string or a function body are no mark. Throws ProblemError InvalidMigration.
 */
export function refuseMisspelled({ file, text }: SourceFile, known: RegExp, dialect: Dialect): void {
  refuseReturns({ file, text });
  for (const { kind, start, end } of tokenize(text, dialect)) {
    if (kind !== 'comment' || !beginsLine(text, start)) continue;
    const line = text.slice(start, end).trim();
    if (!MISSPELLED.test(line) || known.test(line)) continue;
    invalid(
      file,
      lineAt(text, start),
      `"${line}" is not a valid mark, so the statements after it would run with the part above it. Correct its spelling.`,
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
