import { MASK } from './masking.ts';

/** The text of the server after the values of a key (errmsg and errdetail of PostgreSQL's executor). */
const AFTER_KEY = /\) (?:already exists|is duplicated|is not present|is still referenced|conflicts with|is violated)/g;
/** The text of the server before a row or a value that it quotes. */
const BEFORE_ROW = ['Failing row contains (', 'row contains ('];
const BEFORE_VALUE = [
  /\binvalid input syntax for (?:type )?[\w" .[\](),-]{1,100}: "/g,
  /\binvalid input value for [\w" .]{1,100}: "/g,
  /\b(?:date\/time field value|value|interval field value|time zone displacement) out of range: "/g,
  /\bmalformed [\w ]{1,40} literal: "/g,
  /\binvalid [\w ]{1,60}: "/g,
  /\bvalue "(?=[^"]{0,1000}" is out of range)/g,
  /\bToken "/g,
  /\bCOPY [\w".]{1,130}, line \d{1,12}, column [\w"]{1,65}: "/g,
];

/**
 * A message of a database server without the values of rows that it quotes: `Key (email)=(***) already exists.`. Names
 * of constraints, tables and columns are kept. The log of the pod has the full message.
 */
export function redactRows(text: string): string {
  return text.includes('(') || text.includes('"') ? text.split('\n').map(redactLine).join('\n') : text;
}

function redactLine(line: string): string {
  let result = redactKeys(line);
  for (const before of BEFORE_ROW) result = redactAfter(result, before);
  for (const before of BEFORE_VALUE) result = redactQuoted(result, before);
  return result;
}

function redactKeys(line: string): string {
  let result = '';
  let rest = line;
  for (let at = rest.indexOf(')=('); at >= 0; at = rest.indexOf(')=(')) {
    const from = at + 3;
    AFTER_KEY.lastIndex = from;
    const end = AFTER_KEY.exec(rest)?.index ?? lastParenthesis(rest, from);
    result += `${rest.slice(0, from)}${MASK}`;
    rest = rest.slice(end);
  }
  return result + rest;
}

function redactAfter(line: string, before: string): string {
  const at = line.indexOf(before);
  if (at < 0) return line;
  const from = at + before.length;
  return `${line.slice(0, from)}${MASK}${line.slice(lastParenthesis(line, from))}`;
}

/** The value may contain any text, so it ends at the last parenthesis of the line, or at the end of the line. */
function lastParenthesis(line: string, from: number): number {
  const end = line.lastIndexOf(')');
  return end < from ? line.length : end;
}

function redactQuoted(line: string, before: RegExp): string {
  before.lastIndex = 0;
  const match = before.exec(line);
  if (match === null) return line;
  const from = match.index + match[0].length;
  // The value may contain quotes, so it ends at the last quote.
  const end = line.lastIndexOf('"');
  return `${line.slice(0, from)}${MASK}${line.slice(end < from ? line.length : end)}`;
}
