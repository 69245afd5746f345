import type { Dialect } from '../model/dialect.ts';

/** A token of an SQL expression; white space and comments are left out. */
export interface Token {
  kind: 'word' | 'name' | 'string' | 'number' | 'operator' | 'mark';
  /** Words in lower case, names as they are, strings with their quotes, everything else as written. */
  text: string;
}

const COMMON = String.raw`\s+|--[^\n]*|\/\*[\s\S]*?\*\/`;
const STRING = String.raw`((?:[eEnNbBxX]|[uU]&)?'(?:[^']|'')*'|\$\$[\s\S]*?\$\$)`;
const WORD = String.raw`([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const NUMBER = String.raw`(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)`;
const MARK = String.raw`(::|[()[\],.;:?])`;
const OPERATOR = String.raw`([-+*\/<>=~!@#%^&|]+)`;
const NAME = {
  postgres: '("(?:[^"]|"")*")',
  sqlite: String.raw`("(?:[^"]|"")*"|\x60[^\x60]*\x60|\[[^\]]*\])`,
};

const PATTERNS: Record<Dialect, RegExp> = {
  postgres: new RegExp([COMMON, STRING, NAME.postgres, WORD, NUMBER, MARK, OPERATOR].join('|'), 'g'),
  sqlite: new RegExp([COMMON, STRING, NAME.sqlite, WORD, NUMBER, MARK, OPERATOR].join('|'), 'g'),
};

/**
 * The tokens of an expression (PostgreSQL manual 4.1, SQLite lang_expr). Names that need no quotes lose them; SQLite
 * compares names without case, so there they are all in lower case.
 */
export function tokensOf(dialect: Dialect, text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(PATTERNS[dialect])) {
    const [, string, name, word, number, mark, operator] = match;
    if (string !== undefined) tokens.push({ kind: 'string', text: plainString(string) });
    else if (name !== undefined) tokens.push({ kind: 'name', text: plainName(dialect, name) });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase() });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number.toLowerCase() });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
    else if (operator !== undefined) tokens.push(...operators(operator));
  }
  return tokens;
}

/** A minus or plus after another operator is a sign of its own: `a >-1`. */
function operators(text: string): Token[] {
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
  const quote = text[0] ?? '';
  const inner = quote === '[' ? text.slice(1, -1) : text.slice(1, -1).replaceAll(quote + quote, quote);
  const name = dialect === 'sqlite' ? inner.toLowerCase() : inner;
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
