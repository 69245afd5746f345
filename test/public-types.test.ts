import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import ts from 'typescript';

const INDEX = resolve('src/index.ts');

/** Types of other packages and of the language are theirs to export. */
const isOurs = (file: string) => file.startsWith(resolve('src')) && !file.includes('node_modules');

describe('the public types', function () {
  // The compiler reads the whole library.
  this.timeout(120_000);

  it('are all exported: a type in the signature of an export can be named by its user', () => {
    const { declared, missing } = publicTypes();
    assert.ok(declared > 60, `too few types are found: ${declared}`);
    assert.deepEqual(missing, []);
  });

  it('have functions that return promises: the built library loads a module when its function is called', () => {
    const { checker, module, index } = libraryTypes();
    const functions = checker
      .getExportsOfModule(module)
      .map((symbol) => ({ name: symbol.name, type: checker.getTypeOfSymbolAtLocation(symbol, index) }))
      .filter(({ type }) => type.getCallSignatures().length > 0);
    assert.ok(functions.length > 30, `${functions.length}`);
    const returns = functions.flatMap(({ name, type }) =>
      type.getCallSignatures().map((one) => `${name}: ${one.getReturnType().getSymbol()?.name}`),
    );
    assert.deepEqual(
      returns.filter((one) => !one.endsWith(': Promise')),
      [],
    );
  });
});

/**
 * Follows what src/index.ts exports through the declarations that the compiler emits for users, as their editor does.
 */
function publicTypes(): { declared: number; missing: string[] } {
  const { checker, module } = libraryTypes();
  const original = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exported = new Set(checker.getExportsOfModule(module).map(original));
  const seen = new Set<ts.Symbol>();
  const missing = new Map<string, string>();

  const visitDeclaration = (symbol: ts.Symbol) => {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) {
      if (isOurs(declaration.getSourceFile().fileName)) visit(signatureOf(declaration), symbol.name);
    }
  };
  const visit = (nodes: readonly ts.Node[], from: string) => {
    for (const node of nodes) {
      const name = ts.isTypeReferenceNode(node)
        ? node.typeName
        : ts.isExpressionWithTypeArguments(node) && ts.isIdentifier(node.expression)
          ? node.expression
          : ts.isTypeQueryNode(node)
            ? node.exprName
            : undefined;
      const found = name && checker.getSymbolAtLocation(name);
      if (found) reference(original(found), from);
      const children: ts.Node[] = [];
      ts.forEachChild(node, (child) => void children.push(child));
      visit(children, from);
    }
  };
  const reference = (symbol: ts.Symbol, from: string) => {
    const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
    if (!isOurs(file) || symbol.flags & ts.SymbolFlags.TypeParameter) return;
    if (!exported.has(symbol) && !(symbol.flags & ts.SymbolFlags.Variable)) {
      missing.set(symbol.name, `${symbol.name}, in the signature of ${from} (${file.slice(resolve('.').length + 1)})`);
    }
    visitDeclaration(symbol);
  };
  for (const symbol of exported) visitDeclaration(symbol);
  return { declared: seen.size, missing: [...missing.values()].sort() };
}

/** What a user sees of a declaration: no bodies, no initial values, no private members. */
function signatureOf(declaration: ts.Declaration): ts.Node[] {
  if (ts.isFunctionLike(declaration)) {
    return [
      ...declaration.parameters.flatMap(({ type }) => type ?? []),
      ...(declaration.type ? [declaration.type] : []),
    ];
  }
  if (ts.isVariableDeclaration(declaration)) return declaration.type ? [declaration.type] : [];
  if (ts.isClassDeclaration(declaration)) {
    const members = declaration.members.filter(
      (member) => !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) && !isHashPrivate(member),
    );
    return [...(declaration.heritageClauses ?? []), ...members.flatMap(memberSignature)];
  }
  return [declaration];
}

function memberSignature(member: ts.ClassElement): ts.Node[] {
  if (ts.isFunctionLike(member)) return signatureOf(member);
  return ts.isPropertyDeclaration(member) && member.type ? [member.type] : [];
}

function isHashPrivate(member: ts.ClassElement): boolean {
  return member.name !== undefined && ts.isPrivateIdentifier(member.name);
}

function libraryTypes() {
  const config = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile).config as object;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve('.'));
  const program = ts.createProgram([INDEX], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const index = program.getSourceFile(INDEX);
  const module = index && checker.getSymbolAtLocation(index);
  assert.ok(index && module);
  return { checker, module, index };
}
