import type { Dialect } from '../core/model/dialect.ts';
import { tokenize } from './lexer.ts';
import type { Token } from './token.ts';

interface Lost {
  offset: number;
  advice: string;
}

/**
 * From where on a text would not reach the database as it is written: a comment or a quotation that does not end takes
 * in all that follows (SQLite even runs such a comment without a word), and a driver ends its message at a NUL.
 */
export function lostFrom(sql: string, dialect: Dialect): Lost | undefined {
  const nul = sql.indexOf('\0');
  if (nul >= 0) {
    return {
      offset: nul,
      advice:
        'There is a NUL character here, and the database would stop reading at it. Save the file as UTF-8 without it.',
    };
  }
  // A token that has ended, including a `--` comment, does not include a line end after it.
  const text = `${sql}\n`;
  let last: Token | undefined;
  for (const token of tokenize(text, dialect)) {
    if (token.kind === 'word' && text.startsWith('\uFEFF', token.start)) {
      return {
        offset: token.start,
        advice: 'There is a byte order mark here, in the middle of the text. It is invisible. Delete it.',
      };
    }
    if (token.kind === 'comment') {
      const at = hiddenIn(text.slice(token.start, token.end));
      if (at !== undefined) {
        const offset = token.start + at;
        return { offset, advice: text[offset] === '\r' ? RETURN : SEPARATOR };
      }
    }
    last = token;
  }
  if (last === undefined || last.kind === 'space') return undefined;
  // The data of a dump: a quote in it opens nothing.
  const copy = copyBefore(sql.slice(0, last.start));
  if (copy !== undefined) return { offset: copy, advice: COPY_ADVICE };
  return { offset: last.start, advice: unended(text, last) };
}

const COPY_ADVICE =
  'COPY … FROM stdin needs psql, because its data is in the file. Use INSERT statements, or load the data in a .ts migration.';

const RETURN =
  'A line ends here with a carriage return alone. SQLite would read the next line as part of the comment. Save the file with LF or CRLF.';

const SEPARATOR =
  'A line ends here with a line separator of Unicode. The database reads the next line as part of the comment. Save the file with LF or CRLF.';

/** Where a statement `COPY … FROM stdin` begins; undefined without one. */
function copyBefore(text: string): number | undefined {
  const end = text.search(/\bfrom\s{1,99}stdin\b/i);
  const begin = text.slice(0, Math.max(end, 0)).toUpperCase().lastIndexOf('COPY');
  return begin < 0 || text.slice(begin, end).includes(';') ? undefined : begin;
}

/** Where a `--` comment contains what an editor shows as the end of a line, with text after it. */
function hiddenIn(comment: string): number | undefined {
  const at = comment.startsWith('--') ? comment.search(/(?:\r(?!\n)|[\u0085\u2028\u2029])\s{0,99}\S/) : -1;
  return at < 0 ? undefined : at;
}

function unended(text: string, { kind, start }: Token): string {
  const opening = /^(?:\/\*|\$\w*\$|[A-Z]&?['"]|\S)/i.exec(text.slice(start, start + 100))?.[0] ?? '';
  if (kind === 'comment') {
    return 'The comment that begins here does not end, so the rest of the file would be ignored. End it with */ (in PostgreSQL one for each /*).';
  }
  const what = kind === 'identifier' ? 'quoted name' : opening.startsWith('$') ? 'dollar-quoted text' : 'string';
  return `The ${what} that begins here with ${opening} does not end, so it would include the rest of the file. End it with ${endOf(opening)}.`;
}

function endOf(opening: string): string {
  if (opening === '[') return ']';
  return opening.startsWith('$') ? opening : (opening.at(-1) ?? '');
}
