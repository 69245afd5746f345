import type { Dialect } from '../model/dialect.ts';

/**
 * An expression or default in a spelling that equal ones mostly share: the database adds casts and parentheses, the
 * author leaves them out. Where text cannot tell, two different texts count as a difference.
 */
export function canonicalExpression(dialect: Dialect, text: string): string {
  const pieces = text.split(/('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)/);
  const outside = (piece: string) =>
    (dialect === 'postgres' ? piece.replace(CAST, '') : piece)
      .replace(/\s+/g, ' ')
      .replace(/\s*([(),=<>!+*/|-]+)\s*/g, '$1')
      .toLowerCase();
  const joined = pieces.map((piece, index) => (index % 2 === 0 ? outside(piece) : plainName(piece))).join('');
  return unwrap(joined.trim());
}

const CAST =
  /::(?:character varying|timestamp with(?:out)? time zone|double precision|[a-z_][\w.]*)(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])*/gi;

/** `"price"` and SQLite's other quotes are `price`; a name that needs its quotes keeps double ones. */
function plainName(piece: string): string {
  if (/^["`][a-z_][a-z0-9_]*["`]$/.test(piece)) return piece.slice(1, -1);
  return piece.startsWith('`') ? `"${piece.slice(1, -1)}"` : piece;
}

function unwrap(text: string): string {
  let inner = text;
  while (inner.startsWith('(') && inner.endsWith(')') && balanced(inner.slice(1, -1))) inner = inner.slice(1, -1);
  return inner;
}

function balanced(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** A default by meaning: `now()` is CURRENT_TIMESTAMP, `'0'` of a number is 0, SQLite's booleans are numbers. */
export function canonicalDefault(dialect: Dialect, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const plain = canonicalExpression(dialect, text);
  if (plain === 'null') return undefined;
  if (plain === 'now()' || plain === 'current_timestamp()') return 'current_timestamp';
  const quotedNumber = /^'(-?\d+(?:\.\d+)?)'$/.exec(plain)?.[1];
  const number = quotedNumber ?? (/^-?\d+(?:\.\d+)?$/.test(plain) ? plain : undefined);
  if (number !== undefined) return String(Number(number));
  if (dialect === 'sqlite' && (plain === 'true' || plain === 'false')) return plain === 'true' ? '1' : '0';
  return plain;
}
