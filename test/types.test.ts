import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';

const FILE = resolve('test/types/refused.ts');
const DIRECTIVE = /^\s*\/\/ @ts-expect-error (.+)$/;

/**
 * `npm run typecheck` fails where an error is missing; this test checks that there is one error for each claim, and of a kind
 * that the claim is about, and not a misspelt import.
 */
describe('the compiler', function () {
  // It reads the whole library.
  this.timeout(120_000);
  const lines = readFileSync(FILE, 'utf8').split('\n');
  const claims = lines.flatMap((line, index) => {
    const what = DIRECTIVE.exec(line)?.[1];
    return what === undefined ? [] : [{ what, line: index + 1 }];
  });
  let errors: { line: number; code: number; text: string }[];

  before(() => {
    const config = ts.readConfigFile('tsconfig.json', ts.sys.readFile).config as object;
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve('.'));
    const host = ts.createCompilerHost(options);
    const read = host.readFile;
    const source = host.getSourceFile;
    // Without the directives, in lines of the same number.
    const text = lines.map((line) => (DIRECTIVE.test(line) ? '//' : line)).join('\n');
    host.readFile = (name) => (resolve(name) === FILE ? text : read(name));
    host.getSourceFile = (name, version, ...rest) =>
      resolve(name) === FILE ? ts.createSourceFile(name, text, version) : source(name, version, ...rest);
    const program = ts.createProgram([FILE], options, host);
    const file = program.getSourceFile(FILE);
    errors = ts.getPreEmitDiagnostics(program, file).map(({ start = 0, code, messageText }) => ({
      line: (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1,
      code,
      text: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }));
  });

  it('has claims to hold', () => assert.ok(claims.length >= 12));

  // Not assignable, no overload, missing or excess properties, an index that does not exist.
  const KINDS = new Set([2322, 2339, 2345, 2353, 2551, 2561, 2739, 2740, 2741, 2769, 7053]);
  for (const { what, line } of claims) {
    it(`refuses ${what}`, () => {
      const found = errors.filter((error) => error.line === line + 1);
      assert.equal(found.length, 1, `errors at line ${line + 1}: ${JSON.stringify(errors)}`);
      assert.ok(KINDS.has(found[0]?.code ?? 0), `TS${found[0]?.code}: ${found[0]?.text}`);
    });
  }

  it('refuses nothing else there', () => {
    const expected = new Set(claims.map(({ line }) => line + 1));
    assert.deepEqual(
      errors.filter(({ line }) => !expected.has(line)),
      [],
    );
  });
});
