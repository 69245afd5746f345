/**
 * Measures which lines and branches the tests reach, in this process and in every command that they start:
 *
 *   npm run coverage                                 all tests
 *   npm run coverage -- test/database test/backups   those alone
 *
 * Prints a table, writes coverage/ and lists the branches of the engine that no test reaches; they are judged in
 * docs/contributing/coverage.md.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What has to be judged branch by branch: losing data begins here. */
const JUDGED = /^src\/(database|backups|engine)\//;

const c8 = join('node_modules', 'c8', 'bin', 'c8.js');
const reports = ['text', 'json', 'html'].flatMap((name) => ['--reporter', name]);
rmSync('coverage', { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [
    c8,
    ...reports,
    '--all',
    '--src',
    'src',
    '--include',
    'src/**/*.ts',
    '--exclude-after-remap',
    // Thousands of processes are measured: their files are merged one by one, not all in memory.
    '--merge-async',
    process.execPath,
    'scripts/test.ts',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);

interface Branches {
  branchMap: Record<string, { loc: { start: { line: number }; end: { line: number } } }>;
  b: Record<string, number[]>;
}
const files = JSON.parse(readFileSync('coverage/coverage-final.json', 'utf8')) as Record<string, Branches>;
console.log('\nBranches of database, backups and engine that no test reaches:');
let unreached = 0;
for (const [path, { branchMap, b }] of Object.entries(files)) {
  const file = relative('.', path);
  if (!JUDGED.test(file)) continue;
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [id, { loc }] of Object.entries(branchMap)) {
    if (b[id]?.some((count) => count > 0)) continue;
    unreached += 1;
    console.log(`${file}:${loc.start.line}  ${lines[loc.start.line - 1]?.trim().slice(0, 100)}`);
  }
}
console.log(`${unreached} branches`);
process.exitCode = status ?? 1;
