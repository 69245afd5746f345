/** Reading PostgreSQL's syntax tree as `libpg-query` gives it: JSON whose nodes are `{ Kind: { field: … } }`. */
export type Tree = Readonly<Record<string, unknown>>;

const EMPTY: Tree = {};

export function tree(value: unknown): Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : EMPTY;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A node's kind and its fields: `{ IndexStmt: {…} }`. */
export function open(value: unknown): [kind: string, fields: Tree] {
  const [entry] = Object.entries(tree(value));
  return entry === undefined ? ['', EMPTY] : [entry[0], tree(entry[1])];
}

/** The fields of a node of that kind, else of an empty one. */
export function as(kind: string, value: unknown): Tree {
  return tree(tree(value)[kind]);
}

/** Visits every object below a node, with the name of its kind or field; the field `without` is left out. */
export function walk(node: unknown, visit: (key: string, fields: Tree) => void, without?: string): void {
  if (Array.isArray(node)) {
    for (const each of node) walk(each, visit, without);
    return;
  }
  for (const [key, value] of Object.entries(tree(node))) {
    if (key === without) continue;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) visit(key, value as Tree);
    walk(value, visit, without);
  }
}

/** The text of `{ String: { sval } }`. */
export function name(value: unknown): string {
  return text(as('String', value).sval) ?? '';
}

/** A name in parts: `[s, t]` of `s.t`. */
export function names(value: unknown): string[] {
  return list(value).map(name);
}
