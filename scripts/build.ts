/** Compiles src to dist: packages under node_modules are not type-stripped by Node, so users get JavaScript. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { bundle } from './bundle.ts';
import { writeDeclarations } from './declarations.ts';

rmSync('dist', { recursive: true, force: true });
writeDeclarations('dist');
await bundle('dist');
for (const program of ['main', 'kubectl-dbm']) chmodSync(`dist/cli/${program}.js`, 0o755);

// The first process in the container of a command. The image has it; the package does not, because it is a program for one
// kind of processor.
mkdirSync('dist/command', { recursive: true });
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
