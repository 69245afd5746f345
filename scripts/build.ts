/** Compiles src to dist: packages under node_modules are not type-stripped by Node, so users get JavaScript. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { bundle } from './bundle.ts';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
keepPublicTypes('dist');
await bundle('dist');
for (const program of ['main', 'kubectl-dbm']) chmodSync(`dist/cli/${program}.js`, 0o755);

// The first process in the container of a command. The image has it; the package does not, because it is a program for one
// kind of processor.
const compiled = spawnSync(
  'cc',
  [
    '-std=gnu11',
    '-Wall',
    '-Wextra',
    '-Os',
    '-static',
    '-s',
    '-o',
    'dist/command/entrypoint',
    'src/command/entrypoint.c',
  ],
  { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
);
if (compiled.status !== 0) {
  const why = compiled.error?.message ?? compiled.stderr;
  console.error(`build: dist/command/entrypoint was not compiled, so spec.migrations.command cannot be used: ${why}`);
}

/** Removes the declarations that `index.d.ts` does not need, nine of ten: they cannot be imported. */
function keepPublicTypes(folder: string): void {
  const index = resolve(folder, 'index.d.ts');
  // The packages that the types name are not followed.
  const program = ts.createProgram([index], { module: ts.ModuleKind.NodeNext, noLib: true, types: [] });
  const kept = new Set(program.getSourceFiles().map(({ fileName }) => resolve(fileName)));
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = resolve(join(folder, name));
    if (name.endsWith('.d.ts') && !kept.has(path)) rmSync(path);
  }
}
