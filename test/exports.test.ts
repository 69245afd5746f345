import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** Exports that a reader outside this repository loads by name. */
const ENTRY_POINTS = new Set(['src/index.ts', 'src/cli/main.ts']);

describe('the exports of src', function () {
  this.timeout(60_000);
  const files = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'test', 'scripts'],
    {
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter((file) => file.endsWith('.ts'));
  const parsed = new Map(files.map((file) => [file, parse(file, readFileSync(file, 'utf8'))]));
  const own = [...parsed].filter(([file]) => file.startsWith('src/'));

  it('are each imported by another file', () => {
    const used = new Set([...parsed.values()].flatMap(({ uses }) => uses));
    const unused = own
      .filter(([file]) => !ENTRY_POINTS.has(file))
      .flatMap(([file, { exports }]) =>
        exports
          .filter(({ name }) => !used.has(`${file} ${name}`) && !used.has(`${file} *`))
          .map(({ name }) => `${file}: ${name}`),
      );
    assert.deepEqual(unused, []);
  });

  it('have no two types of one name', () => {
    const places = new Map<string, string[]>();
    for (const [file, { exports }] of own)
      for (const { name, isType } of exports) if (isType) places.set(name, [...(places.get(name) ?? []), file]);
    const doubles = [...places]
      .filter(([, where]) => where.length > 1)
      .map(([name, where]) => `${name}: ${where.join(', ')}`);
    assert.deepEqual(doubles, []);
  });

  it('are found in every form', () => {
    const text = `
      export const a = 1, { b } = x;
      export function f() {}
      export class C {}
      export interface I {}
      export type T = 1;
      export { a as d };
      export type { E } from './e.ts';
      import g, { h as i, type J } from './g.ts';
      import * as all from './all.ts';
      const { k, l: m } = await import('./lazy.ts');
      type N = import('./n.ts').O;
      const p = (await import('./p.ts')).q;
      import('./then.ts').then(({ r }) => r());
      void import('./whole.ts');`;
    const { exports, uses } = parse('src/x.ts', text);
    assert.deepEqual(
      exports.map(({ name, isType }) => (isType ? `type ${name}` : name)),
      ['a', 'b', 'f', 'C', 'type I', 'type T', 'd'],
    );
    assert.deepEqual(uses.sort(), [
      'src/all.ts *',
      'src/e.ts E',
      'src/g.ts J',
      'src/g.ts default',
      'src/g.ts h',
      'src/lazy.ts k',
      'src/lazy.ts l',
      'src/n.ts O',
      'src/p.ts q',
      'src/then.ts *',
      'src/whole.ts *',
    ]);
  });
});

interface Parsed {
  /** Declared here and exported; a re-export counts as a use of the other file. */
  exports: { name: string; isType: boolean }[];
  /** `FILE NAME`, or `FILE *` for all names. */
  uses: string[];
}

function parse(file: string, text: string): Parsed {
  const found: Parsed = { exports: [], uses: [] };
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const use = (specifier: ts.Node | undefined, names: readonly string[]) => {
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return;
    const target = normalize(join(dirname(file), specifier.text));
    found.uses.push(...names.map((name) => `${target} ${name}`));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const { name, namedBindings } = node.importClause ?? {};
      if (name !== undefined) use(node.moduleSpecifier, ['default']);
      if (namedBindings !== undefined)
        use(node.moduleSpecifier, ts.isNamespaceImport(namedBindings) ? ['*'] : namedBindings.elements.map(nameIn));
    } else if (ts.isExportDeclaration(node)) {
      const { exportClause, moduleSpecifier } = node;
      const elements =
        exportClause !== undefined && ts.isNamedExports(exportClause) ? exportClause.elements : undefined;
      if (moduleSpecifier !== undefined) use(moduleSpecifier, elements?.map(nameIn) ?? ['*']);
      else found.exports.push(...(elements ?? []).map(({ name }) => ({ name: name.text, isType: node.isTypeOnly })));
    } else if (ts.isImportTypeNode(node)) {
      const argument = ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
      use(argument, [node.qualifier === undefined ? '*' : (node.qualifier.getText(source).split('.')[0] ?? '*')]);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      use(node.arguments[0], namesTaken(node));
    } else if (ts.canHaveModifiers(node) && isExported(node)) {
      found.exports.push(...declaredBy(node));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameIn({ propertyName, name }: ts.ImportSpecifier | ts.ExportSpecifier): string {
  return (propertyName ?? name).text;
}

/** The names that `const { a } = await import()` and `(await import()).a` take; all of them where that is not clear. */
function namesTaken(call: ts.Node): string[] {
  let node = call.parent;
  while (ts.isAwaitExpression(node) || ts.isParenthesizedExpression(node)) node = node.parent;
  if (ts.isPropertyAccessExpression(node) && node.name.text !== 'then') return [node.name.text];
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name))
    return node.name.elements.map(({ propertyName, name }) => (propertyName ?? name).getText());
  return ['*'];
}

function isExported(node: ts.HasModifiers): boolean {
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function declaredBy(node: ts.Node): { name: string; isType: boolean }[] {
  if (ts.isVariableStatement(node)) {
    const names = (name: ts.BindingName): string[] =>
      ts.isIdentifier(name)
        ? [name.text]
        : name.elements.flatMap((one) => (ts.isBindingElement(one) ? names(one.name) : []));
    return node.declarationList.declarations
      .flatMap(({ name }) => names(name))
      .map((name) => ({ name, isType: false }));
  }
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
    return [{ name: node.name.text, isType: true }];
  if ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name !== undefined)
    return [{ name: node.name.text, isType: false }];
  return [];
}
