import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { temporaryFolder } from '../support/databases.ts';

const run = promisify(execFile);

describe('on a Node that is too old', () => {
  it('the entry imports nothing before it has looked at the version', async () => {
    const source = await readFile('src/cli/main.ts', 'utf8');
    assert.deepEqual(
      ts.preProcessFile(source).importedFiles.map(({ fileName }) => fileName),
      ['./compile-cache.ts', './start.ts'],
    );
    assert.doesNotMatch(source, /^\s*(?:import|export) .*from/m);
    assert.ok(source.indexOf('import(') > source.indexOf('if (major'));
  });

  it('the plugin of kubectl does the same', async () => {
    const source = await readFile('src/cli/kubectl-dbm.ts', 'utf8');
    assert.deepEqual(
      ts.preProcessFile(source).importedFiles.map(({ fileName }) => fileName),
      ['./plugin/start.ts'],
    );
    const check = /if \(major .*\) \{/;
    assert.equal(check.exec(source)?.[0], check.exec(await readFile('src/cli/main.ts', 'utf8'))?.[0]);
  });

  for (const [version, old] of [
    ['20.20.2', true],
    ['22.18.0', true],
    ['18.0.0', true],
    ['22.19.0', false],
    ['24.1.0', false],
    ['26.0.0', false],
  ] as const) {
    it(`reports what it needs on ${version}: ${old}`, async () => {
      const folder = await temporaryFolder('version');
      // The real entry file, which reads the version of another Node, next to a program that only prints that it was started.
      const { outputText } = ts.transpileModule(await readFile(resolve('src/cli/main.ts'), 'utf8'), {
        compilerOptions: {
          target: ts.ScriptTarget.ES2024,
          module: ts.ModuleKind.ESNext,
          rewriteRelativeImportExtensions: true,
        },
      });
      await writeFile(join(folder, 'package.json'), '{"type":"module"}');
      await writeFile(join(folder, 'compile-cache.js'), 'export async function keepCompiledCode() {}\n');
      await writeFile(join(folder, 'start.js'), "console.log('started');\n");
      await writeFile(join(folder, 'main.js'), outputText);
      await writeFile(
        join(folder, 'as.cjs'),
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });\n`,
      );
      const ended = await run(process.execPath, ['--require', './as.cjs', 'main.js'], { cwd: folder }).catch(
        (error) => error,
      );
      if (!old) return assert.equal(ended.stdout, 'started\n', String(ended.stderr));
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, /^error: db-manager needs Node 22\.19 or newer, and this is Node [\d.]+\. .*\n$/);
      assert.equal(ended.stdout, '');
    });
  }
});
