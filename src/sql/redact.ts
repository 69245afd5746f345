import type { Dialect } from '../core/model/dialect.ts';
import { tokenize } from './lexer.ts';

/** The replacement of a literal. */
const LITERAL = '?';

/** Lines and names stay where they are. The body of a function is a string: the literals in it are replaced. */
export function redactSql(sql: string, dialect: Dialect): string {
  let result = '';
  for (const { kind, start, end } of tokenize(sql, dialect)) {
    const text = sql.slice(start, end);
    // `$1` and `?1` are parameters.
    if (kind === 'number') result += start > 0 && '$?'.includes(sql.charAt(start - 1)) ? text : LITERAL;
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

/**
 * JavaScript and TypeScript: every string and number. A template keeps its lines. Unterminated text runs to the end.
 */
export function redactCode(code: string): string {
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
