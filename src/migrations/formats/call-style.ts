import type { AuthorFunction } from './author-function.ts';

/** How a function wants to be called; `either` where its text does not show it. */
export type CallStyle = 'umzug' | 'sequelize-cli' | 'knex' | 'either';

const UMZUG_NAMES = new Set(['context', 'name', 'path']);

/**
 * Reads the style off the function's own text, in this order:
 * - a first parameter that is called `knex` or used as only Knex can be: Knex;
 * - two parameters or more: sequelize-cli, because Umzug passes one;
 * - a first parameter that is taken apart: Umzug where only `context`, `name`, `path` are taken, else sequelize-cli;
 * - a parameter `p` of which the body uses `p.context`, or takes `context` out: Umzug;
 * - anything else does not show it.
 */
export function callStyle(fn: AuthorFunction): CallStyle {
  const { parameters, body } = readFunction(fn);
  const [first] = parameters;
  if (isKnex(first, body)) return 'knex';
  if (parameters.length > 1 || fn.length > 1) return 'sequelize-cli';
  if (first === undefined) return 'either';
  if (first.startsWith('{'))
    return namesTaken(first).every((name) => UMZUG_NAMES.has(name)) ? 'umzug' : 'sequelize-cli';
  const name = first.replace(/\s*=[\s\S]*$/, '');
  return usesContext(name, body) ? 'umzug' : 'either';
}

/** `knex.schema`, `db.raw(…)`, `trx('users')`: a query interface has none of these. */
function isKnex(parameter: string | undefined, body: string): boolean {
  const [name] = /^[\w$]+/.exec(parameter ?? '') ?? [];
  if (name === undefined) return false;
  if (/^_?knex$/i.test(name)) return true;
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(`(?<![\\w$.])${escaped}\\s*(?:\\.\\s*(?:schema|fn)\\b|\\.\\s*raw\\s*\\(|\\(\\s*['"\`])`).test(body);
}

function readFunction(fn: AuthorFunction): { parameters: string[]; body: string } {
  // A bound or native function shows "[native code]" and no parameters.
  const text = Function.prototype.toString.call(fn).replace(/\/\*[\s\S]*?\*\/|(^|[^:'"`\\])\/\/.*$/gm, '$1');
  const single = /^(?:async\s+)?([\w$]+)\s*=>/.exec(text);
  if (single?.[1] !== undefined) return { parameters: [single[1]], body: text.slice(single[0].length) };
  const open = text.indexOf('(');
  const close = closing(text, open);
  return { parameters: atTopLevel(text.slice(open + 1, close)), body: text.slice(close + 1) };
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** Splits at the commas that are not inside brackets; empty pieces (a trailing comma) are left out. */
function atTopLevel(text: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at] ?? ',';
    if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    else if (char === ',' && (depth === 0 || at === text.length)) {
      pieces.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return pieces.filter((piece) => piece !== '');
}

/** `{ context: queryInterface, name = 'x', ...rest }` -> context, name, and nothing for the rest. */
function namesTaken(pattern: string): string[] {
  const inside = pattern.slice(1, closing(pattern, 0));
  return atTopLevel(inside).flatMap((piece) => /^['"]?([\w$]+)/.exec(piece)?.[1] ?? []);
}

function usesContext(name: string, body: string): boolean {
  const escaped = name.replaceAll('$', '\\$');
  const dotted = new RegExp(`(?<![\\w$.])${escaped}\\s*(?:\\?\\.|\\.)\\s*context\\b`);
  const bracketed = new RegExp(`(?<![\\w$.])${escaped}\\s*\\[\\s*['"]context['"]`);
  const taken = new RegExp(`\\{[^{}]*\\bcontext\\b[^}]*\\}\\s*=\\s*${escaped}(?![\\w$])`);
  // What tsc makes of `async ({ context })` for old targets.
  const generated =
    /__awaiter\(this, arguments, [^)]*\) *, *function\s*\*\s*\(\s*\{[^}]*\bcontext\b|function\s*\*\s*\(\s*\{\s*context\b/;
  return dotted.test(body) || bracketed.test(body) || taken.test(body) || generated.test(body);
}
