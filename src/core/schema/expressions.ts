import type { Dialect } from '../model/dialect.ts';
import { textOf } from './expression-nodes.ts';
import { parseExpression, UnsupportedExpression } from './expression-parse.ts';
import { tokensOf } from './expression-tokens.ts';

/**
 * An expression in the one spelling that equal ones share: the database adds casts and parentheses and rewrites IN,
 * LIKE and BETWEEN; the author writes quotes and capitals. Text that the grammar does not cover is compared token by token.
 */
export function canonicalExpression(dialect: Dialect, text: string): string {
  if (/^-?\d+$/.test(text)) return text;
  try {
    return textOf(parseExpression(dialect, text));
  } catch (error) {
    if (error instanceof UnsupportedExpression) return canonicalStatement(dialect, text);
    throw error;
  }
}

/** A statement (of a view or trigger) without insignificant differences: white space, comments, case, unnecessary quotes. */
export function canonicalStatement(dialect: Dialect, text: string): string {
  return tokensOf(dialect, text.trim().replace(/;\s*$/, ''))
    .map((token) => token.text)
    .join(' ')
    .replace(/ ?([(),.]) ?/g, '$1');
}
