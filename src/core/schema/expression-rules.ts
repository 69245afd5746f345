import type { Dialect } from '../model/dialect.ts';
import { LEVELS, levelOfOperator, type Node } from './expression-nodes.ts';
import { canonicalType } from './types.ts';

/**
 * Reverses the changes that databases make when they store an expression (PostgreSQL's ruleutils.c prints the rewritten
 * form): IN is = ANY (ARRAY[…]), LIKE is ~~, BETWEEN is two comparisons, literals and text columns get casts.
 */
export function castOf(dialect: Dialect, arg: Node, type: string): Node {
  const plain = canonicalType(dialect, type);
  if (arg.kind === 'atom' && arg.literal !== undefined) return arrayLiteral(arg, plain) ?? numberLiteral(arg, plain);
  if (arg.kind === 'array' && arg.items.every((item) => item.kind === 'atom')) return arg;
  if (/^(?:text|character varying|bpchar|character|name)(?:\[\])?$/i.test(plain)) return arg;
  return arg.kind === 'cast' && arg.type === plain ? arg : { kind: 'cast', arg, type: plain };
}

/** `'{a,b}'::text[]` is ARRAY['a','b'], if it needs no escapes. */
function arrayLiteral(node: Node & { kind: 'atom' }, type: string): Node | undefined {
  const inner = type.endsWith('[]') ? /^'\{([^"\\{}']*)\}'$/.exec(node.text)?.[1] : undefined;
  if (inner === undefined) return undefined;
  const items = inner === '' ? [] : inner.split(',');
  return { kind: 'array', items: items.map((text) => ({ kind: 'atom', text: `'${text}'`, literal: 'string' })) };
}

/** `'-1'::integer` is -1. */
function numberLiteral(node: Node & { kind: 'atom' }, type: string): Node {
  const number =
    /^(?:smallint|integer|bigint|numeric|real|double)/.test(type) && /^'(-?\d+(?:\.\d+)?)'$/.exec(node.text);
  return number ? { kind: 'atom', text: number[1] ?? '', literal: 'number' } : node;
}

const LIKES: Record<string, { name: string; not: boolean }> = {
  '~~': { name: 'like', not: false },
  '!~~': { name: 'like', not: true },
  '~~*': { name: 'ilike', not: false },
  '!~~*': { name: 'ilike', not: true },
};

export function likeOf(name: string, not: boolean, left: Node, right: Node): Node {
  return { kind: 'binary', operator: not ? `not ${name}` : name, left, right, level: LEVELS.like };
}

export function comparison(operator: string, left: Node, right: Node, level = levelOfOperator(operator)): Node {
  const like = LIKES[operator];
  if (like !== undefined) return likeOf(like.name, like.not, left, right);
  const [list] = right.kind === 'call' ? right.args : [];
  if (right.kind === 'call' && right.args.length === 1 && list?.kind === 'array') {
    if (operator === '=' && right.name === 'any') return inList(false, left, list.items);
    if (operator === '<>' && right.name === 'all') return inList(true, left, list.items);
  }
  return { kind: 'binary', operator, left, right, level };
}

function inList(not: boolean, value: Node, items: Node[]): Node {
  return { kind: 'in', not, value, items };
}

export function conjunction(operator: 'and' | 'or', left: Node, right: Node): Node {
  const items = [left, right].flatMap((node) =>
    node.kind === 'all' && node.operator === operator ? node.items : [node],
  );
  return { kind: 'all', operator, items };
}

/** NOT (x IN …) is x NOT IN …; NOT x IS NULL is x IS NOT NULL. */
export function notOf(arg: Node): Node {
  if (arg.kind === 'in') return { ...arg, not: !arg.not };
  if (arg.kind === 'not') return arg.arg;
  if (arg.kind === 'after' && arg.text === ' is null') return { ...arg, text: ' is not null' };
  return { kind: 'not', arg };
}

const NOW = new Set(['now', 'transaction_timestamp', 'pg_catalog.now']);
const SPELLINGS: Record<string, string> = { char_length: 'length', character_length: 'length', lcase: 'lower' };

/** A function call, or a bare name (`args` absent). */
export function plainCall(name: string, args: Node[] | undefined, tail: string): Node {
  const short = name.replace(/^pg_catalog\./, '');
  if (args === undefined) return { kind: 'atom', text: short };
  if (NOW.has(short) && args.length === 0) return { kind: 'atom', text: 'current_timestamp' };
  if (short === 'current_timestamp' && args.length === 0) return { kind: 'atom', text: short };
  return { kind: 'call', name: SPELLINGS[short] ?? short, args, tail };
}
