/** Small changes of a source text, each of which a test should notice. Pure. */
import ts from 'typescript';

export interface Mutant {
  line: number;
  /** What stands there, and what stands there instead. */
  from: string;
  to: string;
  /** The whole text with the change. */
  text: string;
  /** The expression or statement that contains the change, and what it becomes. */
  start: number;
  end: number;
  replacement: string;
  /** Only the whole text can be changed: not an expression of its own, or evaluated while the module is loaded. */
  alone: boolean;
}

const OPERATORS: Partial<Record<ts.SyntaxKind, string>> = {
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: '!==',
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: '===',
  [ts.SyntaxKind.LessThanToken]: '<=',
  [ts.SyntaxKind.LessThanEqualsToken]: '<',
  [ts.SyntaxKind.GreaterThanToken]: '>=',
  [ts.SyntaxKind.GreaterThanEqualsToken]: '>',
  [ts.SyntaxKind.AmpersandAmpersandToken]: '||',
  [ts.SyntaxKind.BarBarToken]: '&&',
  [ts.SyntaxKind.MinusToken]: '+',
  [ts.SyntaxKind.AsteriskToken]: '/',
  [ts.SyntaxKind.SlashToken]: '*',
  [ts.SyntaxKind.PercentToken]: '*',
};

const METHODS: Record<string, string> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  find: 'findLast',
  at: 'at',
};
/** Calls without which the receiver goes on unchanged. */
const DROPPED = new Set(['filter', 'sort', 'toSorted', 'reverse', 'toReversed', 'slice', 'trim', 'toLowerCase']);

/** All mutants of a file, in the order of the text. Words of messages are not changed: their tests would be copies. */
export function mutantsOf(path: string, text: string): Mutant[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const replace = (node: ts.Node, to: string, whole = node) => {
    const [start, end] = [node.getStart(source), node.getEnd()];
    const from = text.slice(start, end);
    if (from === to) return;
    const { line } = source.getLineAndCharacterOfPosition(start);
    const outer = { start: whole.getStart(source), end: whole.getEnd() };
    mutants.push({
      line: line + 1,
      from,
      to,
      text: text.slice(0, start) + to + text.slice(end),
      ...outer,
      replacement: text.slice(outer.start, start) + to + text.slice(end, outer.end),
      alone: !inFunction(whole) || isInsideOptionalChain(whole),
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isTypeAliasDeclaration(node)) return;
    mutate(node, replace);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

/**
 * The text with all of these changes at once, each made only where `globalThis.changeIs(number)` is true; the number is
 * the index in `mutants`, plus `first`. Without those that are made alone.
 */
export function switchable(text: string, mutants: readonly Mutant[], first: number): string {
  const of = mutants.map((mutant, index) => ({ ...mutant, number: first + index })).filter(({ alone }) => !alone);
  // Outer before inner; of the same place in the order of the numbers.
  const places = Map.groupBy(of, ({ start, end }) => `${start} ${end}`);
  const nested = [...places.values()]
    .map((changes) => ({ start: changes[0]?.start ?? 0, end: changes[0]?.end ?? 0, changes }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const write = (start: number, end: number): string => {
    let out = '';
    let at = start;
    while (nested[0] !== undefined && nested[0].start < end) {
      const place = nested.shift();
      if (place === undefined) break;
      out += text.slice(at, place.start) + oneOf(place.changes, write(place.start, place.end));
      at = place.end;
    }
    return out + text.slice(at, end);
  };
  return write(0, text.length);
}

function oneOf(changes: readonly (Mutant & { number: number })[], unchanged: string): string {
  const [{ number, to } = { number: 0, to: '' }] = changes;
  if (to === ';') return `{ if (!globalThis.changeIs(${number})) { ${unchanged} } }`;
  const before = changes.map((change) => `globalThis.changeIs(${change.number}) ? (${change.replacement}) : `);
  return `(${before.join('')}(${unchanged}))`;
}

/** Not evaluated while the module is loaded. */
function inFunction(node: ts.Node): boolean {
  return ts.findAncestor(node, ts.isFunctionLike) !== undefined;
}

function isKey(node: ts.NumericLiteral): boolean {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** `a?.b` of `a?.b.c`: in brackets the rest would no longer be skipped without a. */
function isInsideOptionalChain(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isOptionalChain(node) && ts.isOptionalChain(parent) && parent.expression === node;
}

function mutate(node: ts.Node, replace: (node: ts.Node, to: string, whole?: ts.Node) => void): void {
  if (ts.isBinaryExpression(node)) {
    const other = OPERATORS[node.operatorToken.kind];
    if (other !== undefined) replace(node.operatorToken, other, node);
    if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) replace(node, `(${node.left.getText()})`);
    // Sums of numbers only: a text joined by + is a message.
    if (node.operatorToken.kind === ts.SyntaxKind.PlusToken && !/['"`]/.test(node.getText()))
      replace(node.operatorToken, '-', node);
  } else if (ts.isIfStatement(node)) {
    replace(node.expression, 'true');
    replace(node.expression, 'false');
  } else if (ts.isConditionalExpression(node)) {
    replace(node.condition, 'true');
    replace(node.condition, 'false');
  } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    replace(node, node.operand.getText());
  } else if (node.kind === ts.SyntaxKind.TrueKeyword) replace(node, 'false');
  else if (node.kind === ts.SyntaxKind.FalseKeyword) replace(node, 'true');
  else if (ts.isNumericLiteral(node) && !isKey(node)) replace(node, `(${node.text} + 1)`);
  else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    const other = METHODS[name.text];
    if (other !== undefined) replace(name, other, node);
    if (DROPPED.has(name.text)) replace(node, expression.getText());
  } else if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) replace(node, ';');
}
