/**
 * Takes out of an installed node_modules what no running program reads: types, source maps, sources and objects of
 * native code, tests and pages. Only for the image: `node scripts/trim-modules.ts node_modules`.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const FILES = /(\.d\.[cm]?ts|\.map|\.[cm]?ts|\.tsbuildinfo|\.md|\.markdown|\.o|\.a|\.c|\.cc|\.cpp|\.h|\.gypi?|\.mk)$/i;
const KEPT = /^(licen[cs]e|notice|copying)/i;
const FOLDERS = new Set(['test', 'tests', '__tests__', 'docs', 'example', 'examples', 'obj', 'obj.target', '.deps']);

const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('usage: node scripts/trim-modules.ts <node_modules>');
const taken = trim(root);
console.log(`${(taken / 1e6).toFixed(1)} MB taken out of ${root}`);

/** Bytes that went. */
function trim(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !FOLDERS.has(entry.name)) bytes += trim(path);
    else if (entry.isDirectory()) bytes += sizeOf(path) + remove(path);
    else if (entry.isFile() && FILES.test(entry.name) && !KEPT.test(entry.name)) {
      bytes += statSync(path).size + remove(path);
    }
  }
  return bytes;
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function remove(path: string): 0 {
  rmSync(path, { recursive: true });
  return 0;
}
