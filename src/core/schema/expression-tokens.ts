import { tokenize } from '../../sql/lexer.ts';
import { SQL_RULES } from '../../sql/rules.ts';
import { unquote } from '../../sql/significant.ts';
import type { Dialect } from '../model/dialect.ts';

/** A token of an SQL expression; white space and comments are left out. */
export interface ExpressionToken {
  kind: 'word' | 'name' | 'string' | 'number' | 'operator' | 'mark';
  /** Words in lower case, names as they are, strings with their quotes, everything else as written. */
  text: string;
}

/**
 * The tokens of an expression (PostgreSQL manual 4.1, SQLite lang_expr). Names that need no quotes lose them, and are
 * folded as the database compares them.
 */
export function tokensOf(dialect: Dialect, text: string): ExpressionToken[] {
  const tokens: ExpressionToken[] = [];
  // Symbols that follow each other without a space can be one operator, or a part of the next number: `.5`, `1e-5`.
  let symbols = '';
  const flush = () => {
    tokens.push(...symbolsOf(symbols));
    symbols = '';
  };
  for (const lexed of tokenize(text, dialect)) {
    const part = text.slice(lexed.start, lexed.end);
    if (lexed.kind === 'symbol') {
      symbols += part;
      continue;
    }
    if (lexed.kind === 'number' && symbols.endsWith('.')) {
      symbols = symbols.slice(0, -1);
      flush();
      tokens.push({ kind: 'number', text: `.${part}` });
      continue;
    }
    const last = tokens.at(-1);
    if (lexed.kind === 'number' && /^[-+]$/.test(symbols) && last?.kind === 'number' && last.text.endsWith('e')) {
      last.text += symbols + part;
      symbols = '';
      continue;
    }
    flush();
    if (lexed.kind === 'string') tokens.push({ kind: 'string', text: plainString(part) });
    else if (lexed.kind === 'identifier') tokens.push({ kind: 'name', text: plainName(dialect, part) });
    else if (lexed.kind === 'word') tokens.push({ kind: 'word', text: part.toLowerCase() });
    else if (lexed.kind === 'number') tokens.push({ kind: 'number', text: part.toLowerCase() });
  }
  flush();
  return tokens;
}

const SYMBOLS = /::|[()[\],.;:?]|[-+*/<>=~!@#%^&|]+/g;

function symbolsOf(text: string): ExpressionToken[] {
  return (text.match(SYMBOLS) ?? []).flatMap((part) =>
    /^(?:::|[()[\],.;:?])$/.test(part) ? [{ kind: 'mark' as const, text: part }] : operators(part),
  );
}

/** A minus or plus after another operator is a sign of its own: `a >-1`. */
function operators(text: string): ExpressionToken[] {
  const sign = /^(<|>|=|<=|>=|<>|!=|\*|\/|%|\|\|)([-+])$/.exec(text);
  const parts = sign === null ? [text] : [sign[1] ?? '', sign[2] ?? ''];
  return parts.map((part) => ({ kind: 'operator', text: SPELLING[part] ?? part }));
}

const SPELLING: Record<string, string> = { '!=': '<>', '==': '=' };

function plainString(text: string): string {
  if (text.startsWith('$$')) return `'${text.slice(2, -2).replaceAll("'", "''")}'`;
  return /^[eE]'[^\\]*'$/.test(text) ? text.slice(1) : text;
}

function plainName(dialect: Dialect, text: string): string {
  const name = SQL_RULES[dialect].foldName(unquote(text));
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
