import { MASK } from './masking.ts';

/** The text of the server after the values of a key (errmsg and errdetail of PostgreSQL's executor). */
const AFTER_KEY = /\) (?:already exists|is duplicated|is not present|is still referenced|conflicts with|is violated)/g;
/** The text of the server before a row that it quotes. */
const BEFORE_ROW = ['Failing row contains (', 'row contains ('];
/** The text before a value in quotes. */
const BEFORE_VALUE = [
  /\bCOPY [^\n]{1,200}?, line \d{1,12}(?:, column [^\n]{1,130}?)?: "/g,
  /\b(?:SQL statement|SQL expression|PL\/pgSQL expression|PL\/pgSQL assignment) "/g,
  /\binvalid input syntax for (?:type )?[\w" .[\](),-]{1,100}: "/g,
  /\binvalid input value for [\w" .]{1,100}: "/g,
  /\b(?:date\/time field value|value|interval field value|time zone displacement) out of range: "/g,
  /\bmalformed [\w ]{1,40} literal: "/g,
  /\bstring is not a valid identifier: "/g,
  /\binvalid [\w ]{1,60}: "/g,
  /\binvalid value "/g,
  /"(?=[^"]{0,1000}" (?:is out of range|is not a valid (?:binary|hexadecimal|octal) digit))/g,
  /\btime zone "(?=[^"]{0,1000}" not recognized)/g,
  /\bToken "/g,
  /\bbut found "/g,
];
/** The text before a value that has no end of its own. */
const BEFORE_REST = [
  /\bJSON data, line \d{1,12}: /g,
  /\binvalid XML (?:content|document|comment|processing instruction)\b/g,
  /\b(?:portal|statement)(?: "[^"\n]{0,130}")? (?:with parameters?:|parameter) /g,
];

/**
 * A message of a database server without the values of rows that it quotes: `Key (email)=(***) already exists.`. Names
 * of constraints, tables and columns are kept. A value may have several lines and any text, so the text up to the last
 * possible end of it is replaced.
 */
export function redactRows(text: string): string {
  let result = text;
  for (const before of BEFORE_REST) result = redactRest(result, before);
  if (!result.includes('(') && !result.includes('"')) return result;
  for (const before of BEFORE_VALUE) result = redactQuoted(result, before);
  result = redactKeys(result);
  for (const before of BEFORE_ROW) result = redactAfter(result, before);
  return result;
}

function redactKeys(text: string): string {
  let result = '';
  let rest = text;
  for (let at = rest.indexOf(')=('); at >= 0; at = rest.indexOf(')=(')) {
    const from = at + 3;
    const end = lastMatch(AFTER_KEY, rest, from) ?? lastParenthesis(rest, from);
    result += `${rest.slice(0, from)}${MASK}`;
    rest = rest.slice(end);
  }
  return result + rest;
}

/** The value may contain the text that follows a value. */
function lastMatch(pattern: RegExp, text: string, from: number): number | undefined {
  let last: number | undefined;
  pattern.lastIndex = from;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) last = match.index;
  return last;
}

function redactAfter(text: string, before: string): string {
  const at = text.indexOf(before);
  if (at < 0) return text;
  const from = at + before.length;
  return `${text.slice(0, from)}${MASK}${text.slice(lastParenthesis(text, from))}`;
}

/** The value may contain any text, so it ends at the last parenthesis of the text, or at the end of the text. */
function lastParenthesis(text: string, from: number): number {
  const end = text.lastIndexOf(')');
  return end < from ? text.length : end;
}

function redactQuoted(text: string, before: RegExp): string {
  before.lastIndex = 0;
  const match = before.exec(text);
  if (match === null) return text;
  const from = match.index + match[0].length;
  // The value may contain quotes, so it ends at the last quote.
  const end = text.lastIndexOf('"');
  return `${text.slice(0, from)}${MASK}${text.slice(end < from ? text.length : end)}`;
}

function redactRest(text: string, before: RegExp): string {
  before.lastIndex = 0;
  const match = before.exec(text);
  return match === null ? text : `${text.slice(0, match.index + match[0].length)}${MASK}`;
}
