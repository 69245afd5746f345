/** An expression as a tree, without differences that are only spelling. */
export type Node =
  | { kind: 'atom'; text: string; literal?: 'string' | 'number' | 'null' }
  | { kind: 'call'; name: string; args: Node[]; tail: string }
  | { kind: 'sign'; operator: string; arg: Node }
  | { kind: 'not'; arg: Node }
  | { kind: 'binary'; operator: string; left: Node; right: Node; level: number }
  | { kind: 'all'; operator: 'and' | 'or'; items: Node[] }
  | { kind: 'in'; not: boolean; value: Node; items: Node[] }
  | { kind: 'after'; arg: Node; text: string; level: number }
  | { kind: 'array'; items: Node[] }
  | { kind: 'row'; items: Node[] }
  | { kind: 'case'; value?: Node; branches: { when: Node; result: Node }[]; otherwise?: Node }
  | { kind: 'cast'; arg: Node; type: string };

export const LEVELS = { or: 1, and: 2, not: 3, is: 4, compare: 5, like: 6, other: 7, add: 8, multiply: 9 } as const;
const POWER = 10;
const SIGN = 13;
const ATOM = 20;

export function levelOfOperator(operator: string): number {
  if (['=', '<>', '<', '>', '<=', '>='].includes(operator)) return LEVELS.compare;
  if (operator === '+' || operator === '-') return LEVELS.add;
  if (operator === '*' || operator === '/' || operator === '%') return LEVELS.multiply;
  return operator === '^' ? POWER : LEVELS.other;
}

function levelOf(node: Node): number {
  switch (node.kind) {
    case 'all':
      return LEVELS[node.operator];
    case 'not':
      return LEVELS.not;
    case 'in':
      return LEVELS.like;
    case 'binary':
    case 'after':
      return node.level;
    case 'sign':
      return SIGN;
    case 'atom':
    case 'call':
    case 'array':
    case 'row':
    case 'case':
    case 'cast':
      return ATOM;
  }
}

/** The tree as text, with the fewest parentheses. */
export function textOf(node: Node): string {
  switch (node.kind) {
    case 'atom':
      return node.text;
    case 'call':
      return `${node.name}(${list(node.args)})${node.tail}`;
    case 'sign':
      return `${node.operator}${inside(node.arg, SIGN)}`;
    case 'not':
      return `not ${inside(node.arg, LEVELS.not)}`;
    case 'binary':
      return `${inside(node.left, node.level)} ${node.operator} ${inside(node.right, node.level + 1)}`;
    case 'all':
      return node.items.map((item) => inside(item, LEVELS[node.operator] + 1)).join(` ${node.operator} `);
    case 'in':
      return `${inside(node.value, LEVELS.like + 1)} ${node.not ? 'not in' : 'in'} (${list(node.items)})`;
    case 'after':
      return `${inside(node.arg, node.level)}${node.text}`;
    case 'array':
      return `array[${list(node.items)}]`;
    case 'row':
      return `(${list(node.items)})`;
    case 'case': {
      const branches = node.branches.map(({ when, result }) => `when ${textOf(when)} then ${textOf(result)}`);
      const otherwise = node.otherwise === undefined ? [] : [`else ${textOf(node.otherwise)}`];
      return ['case', ...(node.value ? [textOf(node.value)] : []), ...branches, ...otherwise, 'end'].join(' ');
    }
    case 'cast':
      return `cast(${textOf(node.arg)} as ${node.type})`;
  }
}

function list(nodes: readonly Node[]): string {
  return nodes.map(textOf).join(', ');
}

function inside(node: Node, level: number): string {
  return levelOf(node) < level ? `(${textOf(node)})` : textOf(node);
}
