import type { Dialect } from '../core/model/dialect.ts';
import { mapTexts } from '../core/model/masking.ts';
import { redactRows } from '../core/model/redact-rows.ts';
import type { KeptReport } from '../core/model/run-details.ts';
import { tokenize } from '../migrations/sql/tokenize.ts';

/** The replacement of a literal. */
const LITERAL = '?';

/** A report without the values in its SQL and without the values of rows that the server quotes. Names are kept. */
export function redactKeptReport(report: KeptReport): KeptReport {
  const { details, ...rest } = report;
  const dialect = details?.dialect ?? 'postgres';
  const cleaned = mapTexts(rest, (text, key) => (key === 'statement' ? redactSql(text, dialect) : redactRows(text)));
  if (details === undefined) return cleaned;
  const sources = details.sources.map((source) => ({
    ...source,
    text: /\.sql$/i.test(source.file) ? redactSql(source.text, dialect) : redactCode(source.text),
  }));
  return { ...cleaned, details: { ...details, sources } };
}

/** Lines and names stay where they are. The body of a function is a string: the literals in it are replaced. */
export function redactSql(sql: string, dialect: Dialect): string {
  let result = '';
  for (const { kind, start, end } of tokenize(sql, dialect)) {
    const text = sql.slice(start, end);
    if (kind === 'number') result += LITERAL;
    else if (kind === 'string') result += text.startsWith('$') ? redactBody(text, dialect) : quoted(text);
    else result += text;
  }
  return result;
}

/** A string may have several lines, and the positions of findings count them. */
function quoted(text: string): string {
  return `'${LITERAL}${'\n'.repeat(text.split('\n').length - 1)}'`;
}

function redactBody(text: string, dialect: Dialect): string {
  const tag = text.slice(0, text.indexOf('$', 1) + 1);
  const closed = text.length >= 2 * tag.length && text.endsWith(tag);
  const body = text.slice(tag.length, closed ? -tag.length : undefined);
  return `${tag}${redactSql(body, dialect)}${closed ? tag : ''}`;
}

/** JavaScript and TypeScript: every string and number. A template keeps its lines. What is not closed runs to its end. */
function redactCode(code: string): string {
  return code.replaceAll(
    /\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)|'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?|`(?:[^`\\]|\\[\s\S])*`?|(?<![\w$])\d[\w.]*/g,
    (text) => {
      if (text.startsWith('/')) return text;
      const quote = text.charAt(0);
      if (!/['"`]/.test(quote)) return LITERAL;
      return `${quote}${LITERAL}${'\n'.repeat(text.split('\n').length - 1)}${quote}`;
    },
  );
}
